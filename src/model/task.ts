import type { Attempt, JobId, Payload, TaskIndex } from './job.js';
import type { FinalStatus } from './status.js';

/** One attempt at one task. */
export interface Lease {
  readonly job: JobId;
  readonly index: TaskIndex;
  readonly attempt: Attempt;
}

/** How an attempt ended; `returned` was never started and goes back to waiting uncounted. */
export type Outcome = FinalStatus | 'returned';

/** What a worker says of an attempt that ended. */
export interface AnswerMeta {
  readonly index: TaskIndex;
  readonly attempt: Attempt;
  readonly outcome: Outcome;
  /** The server's number of the worker. */
  readonly worker: number;
  /** The worker's clock, milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly peakMemoryKb: number;
}

export interface Answer extends AnswerMeta {
  readonly payload: Payload;
}

/** Why an attempt failed. Travels as the CBOR payload of a failed answer; nothing fails without one. */
export interface Failure {
  /** What kind of end it was. */
  readonly kind:
    | 'error' // the task threw
    | 'exit' // the child ended by itself
    | 'signal' // the child was ended by a signal nobody here sent
    | 'time-limit'
    | 'memory-limit'
    | 'not-sendable' // the answer cannot travel
    | 'worker-lost' // the lease ran out
    | 'setup' // attachments or the program could not be made ready
    | 'killed';
  /** One line that says what happened. */
  readonly message: string;
  readonly attempt: Attempt;
  readonly workerName: string;
  readonly host: string;
  /** What was thrown, with its stack, when something was. */
  readonly error?: unknown;
  readonly exitCode?: number;
  readonly signal?: string;
  /** The last lines of output. */
  readonly lastOutput?: string;
  readonly peakMemoryKb: number;
  readonly wallMs: number;
  /** The worker's clock, milliseconds since the epoch. Absent where it never began, and in what older workers wrote. */
  readonly startedAtMs?: number;
  /** Where the task's files were kept on the worker's host. */
  readonly directory?: string;
}
