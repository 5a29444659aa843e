import type { Failure } from '../../model/task.js';
import { encodeWithError, messageOfThrown } from '../../evaluators/thrown.js';

/** A fault in running a task, before it is known what the attempt looked like as a whole. */
export interface Fault {
  readonly kind: Failure['kind'];
  readonly message: string;
  readonly error?: unknown;
}

/** What a task threw, whatever it is. */
export function thrownFault(error: unknown): Fault {
  return { kind: 'error', message: messageOfThrown(error), error };
}

/** What kept a task from being run: an error of ours says it all. */
export function setupFault(error: unknown): Fault {
  return { kind: 'setup', message: messageOfThrown(error), error };
}

/** The CBOR of a failure: always small, and made even of an error that cannot travel. */
export function encodeFailure(failure: Failure): Uint8Array {
  const { error, ...facts } = failure;
  return encodeWithError(facts, error);
}
