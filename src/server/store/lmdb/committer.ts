/** The one way to LMDB's disk: a list of puts and removes, kept whole and durably, or not at all. */
import { statfsSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import { DsageError, messageOf } from '../../../model/errors.js';
import type { Operation } from './draft.js';
import type { RootTable } from './keys.js';

const LONGEST_WAIT_FOR_CAUSE_MS = 500;

export class Committer {
  readonly #root: RootTable;
  readonly #file: string;
  #failure: DsageError | undefined;
  #closed = false;
  /** Resolves when no write is under way any more. */
  #idle: Promise<unknown> = Promise.resolve();

  constructor(root: RootTable, file: string) {
    this.#root = root;
    this.#file = file;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** @throws DsageError `store` after a write has failed, `closed` after close. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new DsageError('closed', `The database ${this.#file} has been closed.`);
  }

  /**
   * Resolves when all operations are on disk: `batch` makes them one block that LMDB's writer thread puts into
   * one transaction, and its promise resolves behind that transaction's fdatasync. Blocks that wait together
   * share a transaction.
   *
   * @throws DsageError `store`, once for each write that is under way when one fails.
   */
  async write(operations: readonly Operation[]): Promise<void> {
    this.check();
    if (operations.length === 0) return;
    const written = this.#put(operations);
    this.#idle = Promise.allSettled([this.#idle, written]);
    try {
      await written;
    } catch (thrown) {
      const cause = await causeOf(thrown);
      this.#failure ??= this.#describe(cause);
      throw this.#failure;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#idle;
  }

  #put(operations: readonly Operation[]): Promise<boolean> {
    return this.#root.batch(() => {
      for (const { table, key, value } of operations) {
        if (value === undefined) void table.remove(key);
        else void table.put(key, value);
      }
    });
  }

  #describe(cause: unknown): DsageError {
    return new DsageError(
      'store',
      `The store could not write to ${this.#file} (${messageOf(cause)}); ${sizes(this.#file)}. Nothing that was acknowledged is lost.`,
      { hint: 'Make room on that disk or look at its health, then start the server again.', cause },
    );
  }
}

/**
 * lmdb rejects with an error that names no reason; the reason is what its `commitError` promise rejects with,
 * which would end the process if nobody waited for it. lmdb may leave that promise open, so that we don't wait
 * for it for ever.
 */
async function causeOf(thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof Error) || !('commitError' in thrown)) return thrown;
  try {
    await Promise.race([thrown.commitError, setTimeout(LONGEST_WAIT_FOR_CAUSE_MS)]);
    return thrown;
  } catch (reason) {
    return reason;
  }
}

function sizes(file: string): string {
  try {
    const disk = statfsSync(file);
    const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
    return `the file has ${mib(statSync(file).size)}, and ${mib(disk.bavail * disk.bsize)} are free on its disk`;
  } catch (thrown) {
    return `its size cannot be read: ${messageOf(thrown)}`;
  }
}
