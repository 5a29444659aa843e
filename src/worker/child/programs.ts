import { readFileSync } from 'node:fs';

import { DsageError, messageOf } from '../../model/errors.js';
import type { CompiledProgram, CoordinationFacts } from '../../evaluators/evaluator.js';
import { evaluatorNamed } from '../../evaluators/registry.js';
import type { ProgramMessage, Source } from './messages.js';

/** What is the same for all programs of a child. */
interface ProgramSettings {
  readonly startDirectory: string;
  readonly coordination?: CoordinationFacts;
}

/** A program that the slot sent; it is compiled when its first task runs. */
export class Program {
  readonly message: ProgramMessage;
  readonly #settings: ProgramSettings;
  #compiled: CompiledProgram | Promise<CompiledProgram> | undefined;
  #fault: Error | undefined;

  constructor(message: ProgramMessage, settings: ProgramSettings) {
    this.message = message;
    this.#settings = settings;
  }

  /** A promise until what it needs is loaded. Throws what kept it from being compiled, the same for every task. */
  compiled(): CompiledProgram | Promise<CompiledProgram> {
    if (this.#fault !== undefined) throw this.#fault;
    try {
      return (this.#compiled ??= this.#compile());
    } catch (error) {
      this.#fault =
        error instanceof Error
          ? error
          : new DsageError('setup', `The program is damaged: ${messageOf(error)}`);
      throw this.#fault;
    }
  }

  #compile(): CompiledProgram | Promise<CompiledProgram> {
    const { evaluator, program, job, bundle, workerName, detached: isDetached } = this.message;
    const { startDirectory, coordination } = this.#settings;
    const facts = { job, bundle, startDirectory, worker: workerName, isDetached, coordination };
    const compiled = evaluatorNamed(evaluator).compile(bytesOf(program), facts);
    if (compiled instanceof Promise)
      compiled.then((ready) => (this.#compiled = ready)).catch(() => undefined);
    return compiled;
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
