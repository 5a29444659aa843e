/** Records for the tests of stores: complete, and different where it matters. */
import type { JobRecord, JobSpec, JobState } from '#dsage/model/job.js';
import { DEFAULT_LIMITS } from '#dsage/model/job.js';
import type { UserRecord } from '#dsage/model/user.js';
import type { OutputChunk, PutAnswer, WorkerRecord, Write } from '#dsage/server/core/writes.js';

export const T0 = 1_760_000_000_000;

export function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** A blob by a number from 0 to 255, of which `specOf` attaches 171. */
export function blobOf(n: number): { readonly sha256: string; readonly payload: Uint8Array } {
  return {
    sha256: n.toString(16).padStart(2, '0').repeat(32),
    payload: bytes(1, ...Array<number>(32).fill(n), 5),
  };
}

export function specOf(changes: Partial<JobSpec> = {}): JobSpec {
  return {
    name: 'søk',
    kind: 'map',
    evaluator: 'javascript',
    priority: 3,
    limits: { ...DEFAULT_LIMITS, timeMs: 86_400_000 * 365 },
    labels: ['big', 'fast'],
    resources: { gpu: 1, licence: 0.5 },
    program: bytes(0, 255, 128),
    attachments: [{ path: 'in/data.txt', blob: { sha256: 'ab'.repeat(32), sizeBytes: 5_000_000_000 } }],
    ttlMs: 0,
    summary: 'n => n * n',
    ...changes,
  };
}

export function stateOf(changes: Partial<JobState> = {}): JobState {
  return {
    status: 'waiting',
    taskCount: 3,
    closed: false,
    ends: { completed: 0, failed: 0, killed: 0 },
    answerCount: 0,
    generation: 0,
    hasOutput: false,
    maxAttempt: 0,
    firstAttempt: 1,
    createdAtMs: T0,
    startedAtMs: 0,
    endedAtMs: 0,
    reason: '',
    priority: 3,
    ...changes,
  };
}

export function jobOf(id: number, changes: Partial<JobRecord> = {}): JobRecord {
  return { id, owner: 'alice', session: 's-1', seq: id, spec: specOf(), state: stateOf(), ...changes };
}

export function putJob(id: number, changes: Partial<JobRecord> = {}): Write {
  return { type: 'put-job', record: jobOf(id, changes) };
}

export function putTasks(job: number, firstIndex: number, ...payloads: readonly Uint8Array[]): Write {
  return { type: 'put-tasks', job, firstIndex, payloads };
}

export function answerOf(
  job: number,
  index: number,
  ordinal: number,
  changes: Partial<PutAnswer> = {},
): PutAnswer {
  return {
    type: 'put-answer',
    job,
    index,
    ordinal,
    status: 'completed',
    worker: 7,
    attempt: 1,
    record: bytes(3, index % 256, ordinal % 256, 1),
    ...changes,
  };
}

export function failureOf(job: number, index: number, attempt: number): Write {
  return { type: 'put-failure', job, index, attempt, failure: bytes(index % 256, attempt % 256) };
}

export function chunkOf(job: number, index: number, attempt: number, chunk: number): OutputChunk {
  return { job, index, attempt, chunk, stderr: chunk % 2 === 1, data: bytes(index, attempt, chunk) };
}

export function userOf(name: string, changes: Partial<UserRecord> = {}): UserRecord {
  return { name, role: 'user', enabled: true, createdAtMs: T0, serials: ['0a1b'], ...changes };
}

export function workerOf(number: number): WorkerRecord {
  return {
    number,
    instance: `instance-${number}`,
    user: 'node',
    name: `worker ${number}`,
    host: 'localhost',
    firstSeenAtMs: T0 + number,
  };
}
