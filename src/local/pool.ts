import { availableParallelism } from 'node:os';

import { DsageError, KilledError, messageOf } from '../model/errors.js';
import { movable } from './messages.js';
import { ThreadSlot } from './slot.js';
import type { LocalProgram, LocalTask } from './slot.js';

export type { LocalProgram } from './slot.js';

export interface LocalPoolOptions {
  /** How many tasks run at once, each in a thread of its own; as many as this machine has processors unless given. */
  readonly slots?: number;
  /** Heap of each thread, MiB; Node's own limit unless given. */
  readonly memoryMb?: number | undefined;
}

export interface LocalTaskOptions {
  /** The task's place in its job, from 0; `context.index`. */
  readonly index?: number;
  /** Wall time, milliseconds; unlimited unless given. */
  readonly timeoutMs?: number | undefined;
  /** Kills the task when it is aborted, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Threads of this machine that run tasks without a server. Programs and values are those of jobs, and so are the
 * evaluators, so that what works here works on a cluster. Threads start when they are needed, and one that dies
 * takes nothing but its own task with it. What a task does to the process as a whole, such as `process.abort()`,
 * it does to this program.
 */
export class LocalPool {
  /** How many tasks run at once. */
  readonly slots: number;
  readonly #all: readonly ThreadSlot[];
  readonly #free: ThreadSlot[];
  readonly #programs: LocalProgram[] = [];
  readonly #waiting = new Set<LocalTask>();
  #closing: Promise<void> | undefined;

  constructor({ slots = availableParallelism(), memoryMb }: LocalPoolOptions = {}) {
    this.slots = slots;
    const onFree = (slot: ThreadSlot): void => this.#onFree(slot);
    this.#all = Array.from({ length: slots }, () => new ThreadSlot({ memoryMb, onFree }));
    this.#free = [...this.#all].reverse();
  }

  /** Makes a program known; the number that tasks name it by. Each thread compiles it with its first task of it. */
  addProgram(program: LocalProgram): number {
    return this.#programs.push({ evaluator: program.evaluator, program: movable(program.program) });
  }

  /**
   * Runs one task, when a slot is free; tasks begin in the order of the calls.
   *
   * @param input the CBOR of what the program takes: for a function the array of its arguments
   * @returns the CBOR of what it returned
   *
   * Rejects with TaskFailedError (its cause is what the task threw), with KilledError when its signal is aborted,
   * and with code `closed` when the pool is.
   */
  run(programId: number, input: Uint8Array, options: LocalTaskOptions = {}): Promise<Uint8Array> {
    const { index = 0, timeoutMs, signal } = options;
    const program = this.#programs[programId - 1];
    if (program === undefined) throw new DsageError('internal', `This pool has no program ${programId}.`);
    if (this.#closing !== undefined) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const aborted = (): void =>
        this.#kill(task, new KilledError(`The task was killed: ${messageOf(signal?.reason)}`));
      const task: LocalTask = {
        ...{ programId, program, input, index, timeoutMs },
        resolve(answer) {
          signal?.removeEventListener('abort', aborted);
          resolve(answer);
        },
        reject(error) {
          signal?.removeEventListener('abort', aborted);
          reject(error);
        },
      };
      signal?.addEventListener('abort', aborted);
      this.#waiting.add(task);
      if (signal?.aborted === true) aborted();
      this.#dispatch();
    });
  }

  /** Stops what runs and what waits, and ends the threads. Resolves once they are gone. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const task of this.#waiting) task.reject(closedError());
    this.#waiting.clear();
    await Promise.all(this.#all.map((slot) => slot.close(closedError())));
  }

  #dispatch(): void {
    for (const task of this.#waiting) {
      const slot = this.#free.pop();
      if (slot === undefined) return;
      this.#waiting.delete(task);
      slot.run(task);
    }
  }

  #kill(task: LocalTask, error: DsageError): void {
    if (this.#waiting.delete(task)) task.reject(error);
    else this.#all.find((slot) => slot.task === task)?.stop(error);
  }

  #onFree(slot: ThreadSlot): void {
    this.#free.push(slot);
    this.#dispatch();
  }
}

function closedError(): DsageError {
  return new DsageError('closed', 'The threads that run the task were closed.');
}
