import { encodeValue } from '../wire/codec.js';
import { ownHello } from '../wire/hello.js';
import {
  attachmentFromMessage,
  blobFromMessage,
  bufferOf,
  limitsFromMessage,
  workerInfoToMessage,
} from '../wire/convert.js';
import type {
  WorkRequest,
  WorkResponse,
  JobProgram,
  LeaseRun as WireRun,
} from '../wire/gen/dsage/v1/worker.js';
import { readPackedTasks, writeAnswerRecord } from '../wire/packed.js';
import { EMPTY_PAYLOAD, inlinePayload, readPayload } from '../wire/payload.js';
import type { BlobRef } from '../model/job.js';
import type { Failure, Lease } from '../model/task.js';
import type { WorkerInfo } from '../model/worker.js';
import type { AgentEvent, Effect, LeaseRun } from './core/events.js';
import type { HostLoad } from './info.js';
import type { End, Outgoing, ProgramSpec } from './core/state.js';

/** What an answer that no slot has written says of where it comes from. */
export interface Origin {
  /** The server's number of this worker. */
  readonly worker: number;
  readonly workerName: string;
  readonly host: string;
}

/** A message of the server's as an event of the core; undefined for what the core has no part in. */
export function toEvent(response: WorkResponse): AgentEvent | undefined {
  const { message } = response;
  switch (message?.$case) {
    case 'registered': {
      const { worker, renewMs, stale } = message.value;
      return { type: 'registered', worker, renewMs: Math.max(renewMs, 100), stale };
    }
    case 'leases':
      return {
        type: 'leases-received',
        programs: message.value.programs.map(toProgram),
        runs: message.value.runs.map(toRun),
      };
    case 'recorded':
      return { type: 'answers-recorded', seq: message.value.seq };
    case 'kill':
      return { type: 'kill-received', leases: message.value.leases, reason: message.value.reason };
    case 'drain':
      return { type: 'drain-received', ...message.value, isFromServer: true };
    case 'resume':
      return { type: 'resume-received' };
    case 'readLog':
    case undefined:
      return undefined;
  }
}

function toProgram(wire: JobProgram): ProgramSpec {
  const attachments = wire.attachments.map(attachmentFromMessage);
  const content = readPayload(wire.program);
  const bundle = wire.bundle === undefined ? undefined : blobFromMessage(wire.bundle);
  return {
    job: wire.job,
    owner: wire.owner,
    name: wire.name,
    kind: wire.kind,
    evaluator: wire.evaluator,
    limits: limitsFromMessage(wire.limits),
    program: wire.program,
    attachments,
    bundle,
    blobs: [
      ...attachments.map(({ blob }) => blob),
      ...(bundle === undefined ? [] : [bundle]),
      ...(content.type === 'blob' ? [content.ref] : []),
    ],
    detached: wire.detached,
  };
}

/** The payloads are views of the message's bytes: a lease lives shortly, and copying would cost each of them. */
function toRun(wire: WireRun): LeaseRun {
  const payloads = readPackedTasks(wire.packedTasks, wire.count);
  let inputs: Map<number, BlobRef> | undefined;
  payloads.forEach((payload, place) => {
    // Only a payload that does not carry its bytes has to be read here.
    if (payload[0] === undefined || payload[0] === 0) return;
    const content = readPayload(payload);
    if (content.type === 'blob') (inputs ??= new Map()).set(place, content.ref);
  });
  const { job, firstIndex, attempt } = wire;
  return inputs ? { job, firstIndex, attempt, payloads, inputs } : { job, firstIndex, attempt, payloads };
}

/** The first message of every stream. */
export function registerRequest(who: {
  instance: string;
  info: WorkerInfo;
  held: readonly Lease[];
}): WorkRequest {
  const { instance, info, held } = who;
  const value = { hello: ownHello(), instance, info: workerInfoToMessage(info), held: [...held] };
  return { message: { $case: 'register', value } };
}

export function renewRequest(
  { credit, busySlots, progress, running }: Extract<Effect, { type: 'renew' }>,
  load: HostLoad,
): WorkRequest {
  const value = { credit, busySlots, ...load, progress: [...progress], running: [...running] };
  return { message: { $case: 'renew', value } };
}

/** A message of the core's for the wire. The finished records of the slots go through untouched. */
export function toRequest(message: Outgoing, origin: Origin): WorkRequest {
  const { seq } = message;
  if (message.type === 'output') {
    const chunks = message.chunks.map((chunk) => ({ ...chunk, data: bufferOf(chunk.data) }));
    return { message: { $case: 'output', value: { seq, chunks } } };
  }
  const byJob = new Map<number, Uint8Array[]>();
  for (const end of message.ends) {
    const record = end.record ?? unstartedRecord(end, origin);
    const records = byJob.get(end.lease.job);
    if (records) records.push(record);
    else byJob.set(end.lease.job, [record]);
  }
  const batches = [...byJob].map(([job, records]) => ({
    job,
    count: records.length,
    packedAnswers: Buffer.concat(records),
  }));
  return { message: { $case: 'answers', value: { seq, batches } } };
}

/** The record of a lease that no slot has run: returned, killed while it waited, or its blobs did not come. */
function unstartedRecord(end: End, origin: Origin): Uint8Array {
  const { lease, outcome } = end;
  return writeAnswerRecord({
    index: lease.index,
    attempt: lease.attempt,
    outcome,
    worker: origin.worker,
    startedAtMs: Date.now(),
    wallUs: 0,
    cpuUs: 0,
    peakMemoryKb: 0,
    payload: outcome === 'returned' ? EMPTY_PAYLOAD : inlinePayload(encodeValue(failureOf(end, origin))),
  });
}

function failureOf(end: End, origin: Origin): Failure {
  return {
    kind: end.kind,
    message: end.reason,
    attempt: end.lease.attempt,
    workerName: origin.workerName,
    host: origin.host,
    peakMemoryKb: 0,
    wallMs: 0,
  };
}
