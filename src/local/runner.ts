import type { TaskIndex } from '../model/job.js';

/** Runs the tasks of one job on this machine. A task is prepared when it is submitted, and runs when it is its turn. */
export interface Runner<Prepared = unknown> {
  /** How many tasks run at once. */
  readonly slots: number;
  /** What is kept of a task until it runs, of what a coordinator submits: an array that the task comes first in. */
  prepare(content: unknown): Prepared;
  /**
   * Resolves with the task's answer. Rejects with KilledError once the signal was aborted, else with TaskFailedError
   * (its cause is what the task threw).
   */
  run(prepared: Prepared, index: TaskIndex, signal: AbortSignal): Promise<unknown>;
  /** Stops what runs. */
  close(): void;
}
