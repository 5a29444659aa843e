import type { ClassProgram } from '../code/module-home.js';
import { homeOf } from '../jobs/job-class.js';
import type { JobClass } from '../jobs/job-class.js';
import { DsageError } from '../model/errors.js';
import { encodeValue } from '../wire/codec.js';
import { shipModule } from './ship-module.js';
import { summaryOf } from './submit.js';

/** What the tasks of a job class run, and what goes with it. */
export interface ShippedClass {
  readonly program: Uint8Array;
  /** The class's module with all that it imports, unless workers have it. */
  readonly bundle: Uint8Array | undefined;
  readonly summary: string;
}

/**
 * The program of a job class with its parameters. A task's input is then the CBOR of `[task, clock, origin]`.
 *
 * Throws `not-shippable` when the class does not say where it is, its module does not export it or cannot be bundled,
 * or a part of the parameters cannot travel; the message names class, file and line, or the path to that part.
 */
export async function classProgram(Class: JobClass, parameters: unknown): Promise<ShippedClass> {
  const { name } = Class;
  const label = `The class ${name}`;
  checkParameters(parameters, label);
  const { bundle, ...found } = await shipModule({ url: homeOf(Class), name, label, orDefault: true });
  const program: ClassProgram = { type: 'class', ...found, name, parameters };
  return { program: encodeValue(program), bundle, summary: summaryOf(name) };
}

/** Says whose parameters they are, too. */
function checkParameters(parameters: unknown, label: string): void {
  try {
    encodeValue(parameters);
  } catch (error) {
    if (!(error instanceof DsageError)) throw error;
    throw new DsageError(error.code, `${label} has parameters that cannot travel: ${error.message}`, {
      cause: error,
    });
  }
}
