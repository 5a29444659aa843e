import type { JobId } from '../model/job.js';
import type { TaskContext } from './task-context.js';

/** What a program may need to know of where it is run. */
export interface ProgramFacts {
  readonly job: JobId;
  /** The file of the bundle that came with the job. */
  readonly bundle: string | undefined;
  /** Where the worker was started: installed packages are looked for from there. */
  readonly startDirectory: string;
  /** The worker's name, for messages. */
  readonly worker: string;
  /** The job's first task is its coordinator. */
  readonly isDetached: boolean;
  /** Undefined where no coordinators may run. */
  readonly coordination?: CoordinationFacts | undefined;
}

/** What a coordinator runs with: see src/client/coordinate.ts, which nothing here knows of. */
export interface CoordinationFacts {
  /** The URL of the module that has `coordinate`. */
  readonly module: string;
  /** The socket in the file system through which the server is reached. */
  readonly relay: string;
  /** The UUID of the worker. */
  readonly instance: string;
}

/** Turns the programs of jobs into something that runs their tasks. */
export interface Evaluator {
  /**
   * Makes a program ready; what has to be loaded first comes as a promise.
   *
   * @param program the CBOR of the job's program
   * Throws a DsageError when it is no program of this evaluator's.
   */
  compile(program: Uint8Array, facts: ProgramFacts): CompiledProgram | Promise<CompiledProgram>;
}

/** A job's program, ready to run; the same one runs all tasks of the job in this child. */
export interface CompiledProgram {
  /**
   * Runs one task to its value, or to a promise of it.
   *
   * @param input the CBOR of the task's input; undefined when it has none
   */
  run(input: Uint8Array | undefined, context: TaskContext): unknown;
}
