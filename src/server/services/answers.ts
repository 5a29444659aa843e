import type { Failure } from '../../model/task.js';
import { BLOB_TAG } from '../../model/protocol.js';
import { readAnswerRecord } from '../../wire/packed.js';
import { readPayload } from '../../wire/payload.js';
import type { ReceivedAnswer } from '../core/events.js';
import type { Services } from './services.js';

/**
 * The answer as it came, or a failed attempt in its place when its value is a blob that is not here: recorded,
 * such an answer would end the task and could never be read. Costs an answer that is no blob the look at its
 * first byte.
 */
export function checkAnswer(services: Services, worker: number, answer: ReceivedAnswer): ReceivedAnswer {
  if (answer.payload[0] !== BLOB_TAG || answer.meta.outcome !== 'completed') return answer;
  const message = whyNotThere(services, answer);
  if (message === undefined) return answer;
  const { encode } = services.engine.state.config;
  const { meta } = answer;
  const about = services.engine.store.worker(worker);
  const failure: Failure = {
    kind: 'not-sendable',
    message,
    attempt: meta.attempt,
    workerName: about?.name ?? '',
    host: about?.host ?? '',
    peakMemoryKb: meta.peakMemoryKb,
    wallMs: meta.wallUs / 1_000,
  };
  const record = encode.answer({ ...meta, outcome: 'failed', payload: encode.failure(failure) });
  const { payload, ...rest } = readAnswerRecord(record);
  return { meta: rest, record, payload };
}

function whyNotThere({ blobs }: Services, { payload }: ReceivedAnswer): string | undefined {
  try {
    const content = readPayload(payload);
    if (content.type !== 'blob' || blobs.touch(content.ref)) return undefined;
    const size = content.ref.sizeBytes.toLocaleString('en');
    return `The answer's ${size} bytes are not on the server: the worker stored them too long ago, or never.`;
  } catch {
    return 'The answer names no value that could be read.';
  }
}
