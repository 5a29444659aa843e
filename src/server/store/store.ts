import type { Attempt, JobId, JobRecord, Payload, TaskIndex } from '../../model/job.js';
import type { FinalStatus } from '../../model/status.js';
import type { UserRecord } from '../../model/user.js';
import type { WorkerNumber } from '../../model/worker.js';
import type { Grant, OutputChunk, WorkerRecord, Write } from '../core/writes.js';

/** How one task ended. */
export interface TaskEnd {
  readonly index: TaskIndex;
  readonly status: FinalStatus;
  readonly ordinal: number;
  readonly worker: WorkerNumber;
  readonly attempt: Attempt;
}

/** Index, attempt and number of a chunk of output. */
export type OutputPlace = readonly [index: TaskIndex, attempt: Attempt, chunk: number];

export interface StoreNumbers {
  /** The highest ever used, 0 when none was: numbers are not given twice, even after `forget`. */
  readonly lastJob: JobId;
  readonly lastGrant: number;
  readonly lastWorker: WorkerNumber;
}

/**
 * Where jobs, tasks, answers, users and leases are kept. Reads see every commit that has resolved, and
 * may see one that is under way; bytes they return are the caller's to keep. Every store passes
 * test/conformance.
 */
export interface Store {
  /**
   * Applies all writes in order, in one transaction; resolves once they are on disk. Rejects with code `store`
   * when they cannot be written, and then accepts no more; with `internal` when a write makes no sense (a
   * number that is none), and then nothing of it is kept. Commits may overlap: they resolve in their order.
   */
  commit(writes: readonly Write[]): Promise<void>;

  numbers(): StoreNumbers;
  job(id: JobId): JobRecord | undefined;
  /** Jobs that are not in a final status, oldest first. */
  unfinishedJobs(): Iterable<JobRecord>;
  /** All jobs from `from` on (inclusive), in the order asked for; lazy, so that a page costs a page. */
  jobs(options: { readonly newestFirst: boolean; readonly from?: JobId }): Iterable<JobRecord>;
  /** Jobs in a final status whose `endedAtMs + ttlMs` is over; at most `limit`. */
  expiredJobs(nowMs: number, limit: number): readonly JobId[];
  submission(session: string, seq: number): JobId | undefined;

  task(job: JobId, index: TaskIndex): Payload | undefined;
  /** Payloads of `count` consecutive tasks: the hot path of dispatch. Throws when one is missing. */
  tasks(job: JobId, firstIndex: TaskIndex, count: number): readonly Payload[];
  /** Packed answer records in the order of their ordinals. Ordinals whose end was deleted are skipped. */
  answers(
    job: JobId,
    fromOrdinal: number,
  ): Iterable<{ readonly ordinal: number; readonly record: Uint8Array }>;
  answer(job: JobId, ordinal: number): Uint8Array | undefined;
  end(job: JobId, index: TaskIndex): TaskEnd | undefined;
  /** Ends in the order of their task index; lazy. */
  ends(job: JobId, fromIndex: TaskIndex): Iterable<TaskEnd>;
  /** The indexes only, as fast as can be: what a restart reads. */
  endedIndexes(job: JobId): Iterable<TaskIndex>;
  /** Failures of a task's attempts, oldest first. */
  failures(job: JobId, index: TaskIndex): readonly { readonly attempt: Attempt; readonly failure: Payload }[];
  /** How many attempts of each task have failed so far; only tasks with one or more. */
  failedAttempts(
    job: JobId,
  ): Iterable<{ readonly index: TaskIndex; readonly count: number; readonly lastAttempt: Attempt }>;
  /** Output in the order index, attempt, chunk; from that place on (inclusive) where one is given. */
  output(
    job: JobId,
    options: { readonly index?: TaskIndex; readonly attempt?: Attempt; readonly from?: OutputPlace },
  ): Iterable<OutputChunk>;
  /** The same backwards, of all tasks or of one: the end of a long output costs no more than that of a short one. */
  outputBackwards(job: JobId, options: { readonly index?: TaskIndex }): Iterable<OutputChunk>;
  /**
   * Whether a job that is kept names this blob (64 hexadecimal digits): as an attachment, its program, a task's
   * payload, a failure, or an answer that was recorded since the job was last cleared.
   */
  usesBlob(sha256: string): boolean;
  grants(): Iterable<Grant>;
  worker(number: WorkerNumber): WorkerRecord | undefined;
  workerByInstance(instance: string): WorkerRecord | undefined;
  users(): readonly UserRecord[];

  /** Frees some of what `forget-job` left, in a small transaction; false when nothing is left. */
  sweep(): Promise<boolean>;
  /** Bytes on disk; 0 for memory. */
  sizeBytes(): number;
  /** Waits for commits under way. Idempotent. */
  close(): Promise<void>;
}
