import type { Attempt, TaskIndex } from '../model/job.js';

/** What `compute` can know of its task, and say of it. */
export interface JobContext {
  /** Aborted when the task is killed or reaches its time limit; the reason is a DsageError. */
  readonly signal: AbortSignal;
  /** The task's place in its job, from 0. */
  readonly index: TaskIndex;
  /** From 1; higher when an attempt before this one failed or got lost. */
  readonly attempt: Attempt;
  /** The folder that the task runs in: its own, with the attached files; removed when it completes, kept when it fails. */
  readonly directory: string;
  readonly worker: string;
  readonly host: string;
  /** Writes a line to the task's output, as `console.log` does. */
  log(...values: readonly unknown[]): void;
  /** Says how far the task is, from 0 to 1; people see it. */
  progress(fraction: number): void;
}
