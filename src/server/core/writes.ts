import type { Attempt, JobId, JobRecord, JobState, Payload, TaskIndex } from '../../model/job.js';
import type { FinalStatus } from '../../model/status.js';
import type { UserRecord } from '../../model/user.js';
import type { WorkerNumber } from '../../model/worker.js';

/**
 * What a step asks the store to keep. All writes of one commit are one transaction, applied in order;
 * they are imperative and idempotent: applying a list twice leaves what applying it once leaves.
 *
 * A store may rely on this: a job's writes come after its put-job and not after its forget-job, and no number
 * is ever given to another job; put again, a job has the session, seq and ttl that it had; a task that ended
 * gets no other answer before delete-end or clear-job took the end back, and then under an ordinal of its own
 * (clear-job begins again at 0). Bytes that are written stay as they are until the commit has resolved.
 */
export type Write =
  | { readonly type: 'put-job'; readonly record: JobRecord }
  /** A copy of the state: the core goes on changing its own. */
  | { readonly type: 'put-job-state'; readonly job: JobId; readonly state: JobState }
  /** Payloads of tasks firstIndex, firstIndex + 1, … */
  | {
      readonly type: 'put-tasks';
      readonly job: JobId;
      readonly firstIndex: TaskIndex;
      readonly payloads: readonly Payload[];
    }
  | PutAnswer
  /** Takes back how a task ended, and its answer: it will run again. */
  | { readonly type: 'delete-end'; readonly job: JobId; readonly index: TaskIndex }
  /** Takes back all ends, answers, failures and output of a job: all of it will run again, from ordinal 0. */
  | { readonly type: 'clear-job'; readonly job: JobId }
  /** One failed attempt's Failure. */
  | {
      readonly type: 'put-failure';
      readonly job: JobId;
      readonly index: TaskIndex;
      readonly attempt: Attempt;
      readonly failure: Payload;
    }
  | { readonly type: 'put-output'; readonly chunks: readonly OutputChunk[] }
  | { readonly type: 'put-grant'; readonly grant: Grant }
  | { readonly type: 'delete-grant'; readonly id: number }
  | { readonly type: 'put-worker'; readonly worker: WorkerRecord }
  | { readonly type: 'put-user'; readonly user: UserRecord }
  | { readonly type: 'delete-user'; readonly name: string }
  /** The job and all that belongs to it vanish from reads at once; `sweep` frees the space. */
  | { readonly type: 'forget-job'; readonly job: JobId };

/** How a task ended, with the worker's packed answer record as it came over the wire. */
export interface PutAnswer {
  readonly type: 'put-answer';
  readonly job: JobId;
  readonly ordinal: number;
  readonly index: TaskIndex;
  readonly status: FinalStatus;
  readonly worker: WorkerNumber;
  readonly attempt: Attempt;
  /** One packed answer, its length prefix included. */
  readonly record: Uint8Array;
  /** The answer's payload where that is a blob: the job uses it, until it is cleared or forgotten. */
  readonly blob?: Payload;
}

export interface OutputChunk {
  readonly job: JobId;
  readonly index: TaskIndex;
  readonly attempt: Attempt;
  /** Counts an attempt's chunks from 0. */
  readonly chunk: number;
  readonly stderr: boolean;
  readonly data: Uint8Array;
}

/** Consecutive tasks of one job leased at the same attempt number. */
export interface LeaseRun {
  readonly job: JobId;
  readonly firstIndex: TaskIndex;
  readonly count: number;
  readonly attempt: Attempt;
}

/** The leases that one dispatch granted to one worker; deleted when the last of them has ended. */
export interface Grant {
  readonly id: number;
  readonly worker: WorkerNumber;
  readonly runs: readonly LeaseRun[];
}

/** A worker instance that ever registered: a number is never given to another one. */
export interface WorkerRecord {
  readonly number: WorkerNumber;
  readonly instance: string;
  readonly user: string;
  readonly name: string;
  readonly host: string;
  readonly firstSeenAtMs: number;
}
