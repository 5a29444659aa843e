import { readFileSync } from 'node:fs';

import { DsageError, messageOf } from '../../model/errors.js';
import type { CompiledProgram } from '../../evaluators/evaluator.js';
import { evaluatorNamed } from '../../evaluators/registry.js';
import type { ProgramMessage, Source } from './messages.js';

/** A program that the slot sent; it is compiled when its first task runs. */
export class Program {
  readonly message: ProgramMessage;
  #compiled: CompiledProgram | undefined;
  #fault: Error | undefined;

  constructor(message: ProgramMessage) {
    this.message = message;
  }

  /** Throws what kept it from being compiled, the same for every task. */
  compiled(): CompiledProgram {
    if (this.#fault !== undefined) throw this.#fault;
    try {
      this.#compiled ??= evaluatorNamed(this.message.evaluator).compile(
        bytesOf(this.message.program),
        this.message.job,
      );
    } catch (error) {
      this.#fault =
        error instanceof Error
          ? error
          : new DsageError('setup', `The program is damaged: ${messageOf(error)}`);
      throw this.#fault;
    }
    return this.#compiled;
  }
}

/** Throws `setup` when the file is not there any more. */
export function bytesOf(source: Source): Uint8Array {
  if (source.type === 'inline') return source.bytes;
  try {
    return readFileSync(source.path);
  } catch (error) {
    throw new DsageError('setup', `A part of the task could not be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
