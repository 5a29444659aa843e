import type { CoordinationFacts } from '../../evaluators/evaluator.js';

/** What a slot tells its child on the command line, as JSON in the last argument. */
export interface ChildSettings {
  /** The folder to run tasks in: this child's own, empty, and the current one. */
  readonly directory: string;
  /** Where large answers and the folders of failed tasks go. */
  readonly workDirectory: string;
  /** Where the worker was started: installed packages are looked for from there. */
  readonly startDirectory: string;
  /** How a coordinator of a detached job reaches the server; undefined where none may run. */
  readonly coordination?: CoordinationFacts;
  /** The process of the slot. */
  readonly parentPid: number;
  /** Look for the parent's death in a thread, since the kernel does not. */
  readonly watchdog: boolean;
}
