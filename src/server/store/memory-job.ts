/** One job in memory, with all that belongs to it. */
import type { Attempt, JobRecord, JobState, Payload, TaskIndex } from '../../model/job.js';
import { blobNamedBy } from '../../wire/payload.js';
import type { OutputChunk, Write } from '../core/writes.js';
import type { TaskEnd } from './store.js';

export interface StoredFailure {
  readonly index: TaskIndex;
  readonly attempt: Attempt;
  readonly failure: Payload;
}

/** A job with all that belongs to it. */
export interface StoredJob {
  readonly head: Omit<JobRecord, 'state'>;
  state: JobState;
  readonly tasks: Map<TaskIndex, Payload>;
  readonly answers: Map<number, Uint8Array>;
  readonly ends: Map<TaskIndex, TaskEnd>;
  /** By index and attempt. */
  readonly failures: Map<string, StoredFailure>;
  /** By index, attempt and chunk. */
  readonly output: Map<string, OutputChunk>;
  /** Hashes of the blobs that the job itself names. */
  readonly blobs: Set<string>;
  /** Hashes of those that were recorded since the job was last cleared. */
  readonly recordedBlobs: Set<string>;
}

/** The writes that change nothing but one job that is there. */
type JobWrite = Extract<
  Write,
  { readonly type: 'put-job-state' | 'put-tasks' | 'put-answer' | 'delete-end' | 'clear-job' | 'put-failure' }
>;

export function applyToJob(job: StoredJob, write: JobWrite): void {
  switch (write.type) {
    case 'put-job-state':
      job.state = copyState(write.state);
      if (write.state.result !== undefined) noteBlob(job.blobs, write.state.result);
      break;
    case 'put-tasks':
      for (const [i, payload] of write.payloads.entries()) {
        job.tasks.set(write.firstIndex + i, payload);
        noteBlob(job.blobs, payload);
      }
      break;
    case 'put-answer': {
      const { index, status, ordinal, worker, attempt } = write;
      job.answers.set(ordinal, write.record);
      job.ends.set(index, { index, status, ordinal, worker, attempt });
      if (write.blob !== undefined) noteBlob(job.recordedBlobs, write.blob);
      break;
    }
    case 'put-failure':
      job.failures.set(`${write.index}/${write.attempt}`, write);
      noteBlob(job.recordedBlobs, write.failure);
      break;
    case 'delete-end': {
      const end = job.ends.get(write.index);
      if (end !== undefined) job.answers.delete(end.ordinal);
      job.ends.delete(write.index);
      break;
    }
    case 'clear-job':
      for (const recorded of [job.answers, job.ends, job.failures, job.output, job.recordedBlobs])
        recorded.clear();
      break;
  }
}

export function recordOf({ head, state }: StoredJob): JobRecord {
  return { ...head, state: copyState(state) };
}

export function expiryOf({ head, state }: Pick<StoredJob, 'head' | 'state'>): number {
  return state.endedAtMs + head.spec.ttlMs;
}

/** Makes the job of a record, keeping what is known of it already. */
export function putJob(known: StoredJob | undefined, record: JobRecord): StoredJob {
  const { state, ...head } = record;
  const parts = known ?? {
    tasks: new Map<TaskIndex, Payload>(),
    answers: new Map<number, Uint8Array>(),
    ends: new Map<TaskIndex, TaskEnd>(),
    failures: new Map<string, StoredFailure>(),
    output: new Map<string, OutputChunk>(),
    blobs: new Set<string>(),
    recordedBlobs: new Set<string>(),
  };
  noteBlob(parts.blobs, head.spec.program);
  for (const { blob } of head.spec.attachments) parts.blobs.add(blob.sha256);
  if (head.spec.bundle !== undefined) parts.blobs.add(head.spec.bundle.sha256);
  return { ...parts, head, state: copyState(state) };
}

export function cloneJob(job: StoredJob): StoredJob {
  return {
    head: job.head,
    state: job.state,
    tasks: new Map(job.tasks),
    answers: new Map(job.answers),
    ends: new Map(job.ends),
    failures: new Map(job.failures),
    output: new Map(job.output),
    blobs: new Set(job.blobs),
    recordedBlobs: new Set(job.recordedBlobs),
  };
}

function noteBlob(blobs: Set<string>, payload: Payload): void {
  const sha256 = blobNamedBy(payload);
  if (sha256 !== undefined) blobs.add(sha256);
}

function copyState(state: JobState): JobState {
  return { ...state, ends: { ...state.ends } };
}
