import { DsageError, type ErrorCode } from '../../model/errors.js';
import type { JobId, Payload, TaskCounts } from '../../model/job.js';
import type { JobStatus } from '../../model/status.js';
import type { Lease } from '../../model/task.js';
import type { WorkerNumber } from '../../model/worker.js';
import type { LeaseRun, OutputChunk, Write } from './writes.js';

/** What a transition wants done: the writes in one transaction first, then the sends. */
export interface Effects {
  readonly writes: Write[];
  readonly sends: Send[];
  /** Jobs that ended: they leave the state once the commit is done. */
  readonly ended: JobId[];
}

/** A refusal as it travels: the message ends with the hint, which is empty where there is none. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export function refusal(code: ErrorCode, message: string, hint: string): Problem {
  return problemOf(new DsageError(code, message, { hint }));
}

export function problemOf({ code, message, hint = '' }: DsageError): Problem {
  return { code, message, hint };
}

/** Messages that leave after the commit. */
export type Send =
  | {
      readonly type: 'accept';
      readonly session: string;
      readonly seq: number;
      readonly job: JobId;
      readonly taskCount: number;
    }
  /**
   * For the stream that the submission came over only: on a newer one the client has said it again, and
   * what becomes of that is not known yet.
   */
  | {
      readonly type: 'refuse';
      readonly session: string;
      readonly connection: number;
      readonly seq: number;
      readonly problem: Problem;
    }
  /** Answers of these ordinals are in the store now; `records` are the last of them, for those who listen. */
  | {
      readonly type: 'announce-answers';
      readonly job: JobId;
      readonly firstOrdinal: number;
      readonly count: number;
      readonly records: readonly Uint8Array[];
    }
  | { readonly type: 'announce-job'; readonly job: JobId; readonly snapshot: JobSnapshot }
  /** These jobs are in the store no longer. */
  | { readonly type: 'announce-forgotten'; readonly jobs: readonly JobId[] }
  /** A job says something new of itself. */
  | { readonly type: 'announce-note'; readonly job: JobId }
  | { readonly type: 'announce-output'; readonly chunks: readonly OutputChunk[] }
  | {
      readonly type: 'lease';
      readonly worker: WorkerNumber;
      readonly connection: number;
      readonly runs: readonly LeaseRun[];
    }
  | {
      readonly type: 'acknowledge';
      readonly worker: WorkerNumber;
      readonly connection: number;
      readonly seq: number;
    }
  | {
      readonly type: 'kill';
      readonly worker: WorkerNumber;
      readonly connection: number;
      readonly leases: readonly Lease[];
      readonly reason: string;
    }
  | {
      readonly type: 'welcome';
      readonly worker: WorkerNumber;
      readonly connection: number;
      readonly stale: readonly Lease[];
    }
  /** Asks a worker to drain, or says to one that drains of itself that it will get no more leases. */
  | {
      readonly type: 'drain';
      readonly worker: WorkerNumber;
      readonly connection: number;
      readonly reason: string;
      readonly stop: boolean;
    }
  /** Ends a drain: leases may follow. */
  | { readonly type: 'resume'; readonly worker: WorkerNumber; readonly connection: number }
  /** Closes a stream that a newer one of the same worker has replaced. */
  | {
      readonly type: 'disconnect';
      readonly worker: WorkerNumber;
      readonly connection: number;
      readonly reason: string;
    }
  /** Answers the caller of an event that carried a request number. */
  | {
      readonly type: 'reply';
      readonly request: number;
      readonly problem?: Problem;
      readonly jobs?: readonly JobId[];
      readonly coordinator?: { readonly number: number; readonly taskCount: number };
    };

/** A job's changing side at the moment of a transition. */
export interface JobSnapshot {
  readonly status: JobStatus;
  readonly counts: TaskCounts;
  readonly answerCount: number;
  readonly generation: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly reason: string;
  readonly hasOutput: boolean;
  /** What its coordinator says it gave. */
  readonly result: Payload | undefined;
}

export function noEffects(): Effects {
  return { writes: [], sends: [], ended: [] };
}
