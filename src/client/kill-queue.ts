import { setTimeout as sleep } from 'node:timers/promises';

import { DsageError } from '../model/errors.js';
import type { Rpc } from './rpc.js';

/** Tasks to kill may still be on their way to the server. */
const RETRY_MS = 50;

/** Stops single tasks of a job, those that are asked for in one turn of the event loop in one call. */
export class KillQueue {
  readonly #rpc: Rpc;
  readonly #requireId: () => Promise<number>;
  readonly #onProblem: (thrown: unknown) => void;
  readonly #indexes = new Set<number>();
  #isClosed = false;

  constructor(rpc: Rpc, requireId: () => Promise<number>, onProblem: (thrown: unknown) => void) {
    this.#rpc = rpc;
    this.#requireId = requireId;
    this.#onProblem = onProblem;
  }

  add(index: number): void {
    if (this.#indexes.size === 0) setImmediate(() => void this.#send());
    this.#indexes.add(index);
  }

  /** What was not sent is not sent any more. */
  close(): void {
    this.#isClosed = true;
  }

  async #send(): Promise<void> {
    try {
      const job = await this.#requireId();
      while (this.#indexes.size > 0 && !this.#isClosed) {
        const indexes = [...this.#indexes];
        this.#indexes.clear();
        if (await this.#kill(job, indexes)) continue;
        await sleep(RETRY_MS);
        for (const index of indexes) this.#indexes.add(index);
      }
    } catch (thrown) {
      this.#onProblem(thrown);
    }
  }

  /** False when the server has not heard of all of these tasks yet. */
  async #kill(job: number, indexes: number[]): Promise<boolean> {
    try {
      const reason = 'not needed any more';
      await this.#rpc.call('killJobs', { jobs: [job], all: false, reason, indexes });
      return true;
    } catch (error) {
      if (error instanceof DsageError && error.code === 'not-found') return false;
      throw error;
    }
  }
}
