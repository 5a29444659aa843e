import type { TaskIndex } from '../model/job.js';
import { decodeValue, encodeValue } from '../wire/codec.js';
import type { LocalPool, LocalProgram } from './pool.js';
import type { Runner } from './runner.js';

/** Runs tasks on a pool's threads, which the values travel to as they would to a cluster. */
export class ThreadRunner implements Runner<Uint8Array> {
  readonly #pool: LocalPool;
  readonly #program: number;

  constructor(pool: LocalPool, program: LocalProgram) {
    this.#pool = pool;
    this.#program = pool.addProgram(program);
  }

  get slots(): number {
    return this.#pool.slots;
  }

  prepare(content: unknown): Uint8Array {
    return encodeValue(content);
  }

  async run(input: Uint8Array, index: TaskIndex, signal: AbortSignal): Promise<unknown> {
    return decodeValue(await this.#pool.run(this.#program, input, { index, signal }));
  }

  close(): void {
    void this.#pool.close();
  }
}
