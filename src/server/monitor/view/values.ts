import { Readable } from 'node:stream';

import type { Context } from 'koa';

import { DsageError } from '../../../model/errors.js';
import type { Payload } from '../../../model/job.js';
import { readPayload } from '../../../wire/payload.js';
import { readAnswerRecord } from '../../../wire/packed.js';
import type { JobView } from '../../views.js';
import type { MonitorServices } from '../monitor-services.js';

/** How many bytes a payload's value has; 0 for none, and for one that cannot be read. */
export function bytesOf(payload: Payload | undefined): number {
  if (payload === undefined) return 0;
  try {
    const content = readPayload(payload);
    return content.type === 'none'
      ? 0
      : content.type === 'inline'
        ? content.bytes.length
        : content.ref.sizeBytes;
  } catch {
    return 0;
  }
}

/** The value as it is: nobody here looks inside. A large one is sent as it is read from its file. */
export function sendValue(
  ctx: Context,
  { blobs }: MonitorServices,
  payload: Payload | undefined,
  file: string,
): void {
  const content = payload === undefined ? undefined : readPayload(payload);
  if (content === undefined || content.type === 'none') {
    throw new DsageError('not-found', 'There is no value here.', {
      hint: 'It has not ended yet, or has nothing to give.',
    });
  }
  ctx.type = 'application/cbor';
  if (ctx.query['download'] !== undefined) ctx.attachment(`${file}.cbor`);
  if (content.type === 'inline') {
    ctx.body = Buffer.from(content.bytes);
    return;
  }
  if (!blobs.has(content.ref)) {
    throw new DsageError('not-found', `The server has no blob ${content.ref.sha256}.`);
  }
  ctx.body = Readable.from(blobs.open(content.ref));
  // Behind the body, which takes the type for its own.
  ctx.type = 'application/cbor';
  ctx.length = content.ref.sizeBytes;
}

/** What a job as a whole gave: what its coordinator said, or the answer of its only task. A map gives many. */
export function resultOf({ engine }: MonitorServices, { record }: JobView): Payload | undefined {
  const { state, spec, id } = record;
  if (state.result !== undefined && state.result.length > 0) return state.result;
  if (state.taskCount !== 1 || spec.kind === 'map' || spec.kind === 'class') return undefined;
  return answerOf(engine.store, id, 0);
}

/** The answer of a task that is completed. */
export function answerOf(
  store: MonitorServices['engine']['store'],
  job: number,
  index: number,
): Payload | undefined {
  const end = store.end(job, index);
  const record = end?.status === 'completed' ? store.answer(job, end.ordinal) : undefined;
  return record === undefined ? undefined : readAnswerRecord(record).payload;
}
