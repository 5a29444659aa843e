import type { JobId } from '../model/job.js';
import type { TaskContext } from './task-context.js';

/** Turns the programs of jobs into something that runs their tasks. */
export interface Evaluator {
  /**
   * @param program the CBOR of the job's program
   * Throws a DsageError when it is no program of this evaluator's.
   */
  compile(program: Uint8Array, job: JobId): CompiledProgram;
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
