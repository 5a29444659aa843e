import type { DsageError } from '../model/errors.js';
import type { JobStatus } from '../model/status.js';
import type { TaskIndex } from '../model/job.js';

/** How one task ended, in the order in which the ends were recorded. */
export type Heard =
  | { readonly index: TaskIndex; readonly outcome: 'completed'; readonly value: unknown }
  | { readonly index: TaskIndex; readonly outcome: 'failed' | 'killed'; readonly error: DsageError };

/** How a coordinator ends its job. */
export interface JobEnding {
  readonly status: 'completed' | 'failed';
  /** Why it failed; empty when it did not. */
  readonly reason: string;
  readonly result: unknown;
}

/** What a job says of itself while it runs. */
export interface Note {
  /** One line for people. */
  readonly text: string;
  /** From 0 to 1; below 0 where it does not know. */
  readonly fraction: number;
}

/**
 * Where the tasks of a coordinator go, and their answers come from: a server, or the threads of this machine.
 * Nothing here is called back from within a call.
 */
export interface TaskPort {
  /** Which tasks it has from earlier, in their order: none for a job that begins. */
  recorded(): AsyncIterable<readonly unknown[]>;
  /** Adds tasks behind those that it has, in this order. Each is a value that travels. */
  submit(tasks: readonly unknown[]): void;
  /** Stops one task; it ends as killed unless it has ended. */
  kill(index: TaskIndex): void;
  /** Passes on what the job says of itself, where somebody elsewhere may look at it. The last one counts. */
  note?(note: Note): void;
  /** Ends the job, with the tasks that wait or run. Resolves once nothing can undo it. */
  end(ending: JobEnding): Promise<void>;
  /** Stops the job from outside: as its user would. */
  stop(reason: string): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Resolves with the job's number once it has one; rejects when it was refused. */
  readonly accepted: Promise<number>;
  /** How many tasks can run at once now. */
  readonly slots: number;
  /** What was submitted has not left yet: more should wait for `onRoom`. */
  readonly isFull: boolean;
  /** Begins to hear: all that was recorded first, then what comes. Once. */
  listen(listener: PortListener): void;
  /** Nobody listens any more. Idempotent. */
  close(): void;
}

/** What a coordinator hears from its port. */
export interface PortListener {
  onAccepted(job: number): void;
  onHeard(heard: readonly Heard[]): void;
  onStatus(status: JobStatus): void;
  /** Tasks can be submitted again, or more or fewer can run at once. */
  onRoom(): void;
  /** The job has ended; all that was recorded has been heard. `status` may be another one than was asked for. */
  onEnded(status: JobStatus, reason: string): void;
  /** Nothing more will be heard: the connection is gone for good, or another coordinator has taken over. */
  onLost(error: DsageError): void;
}
