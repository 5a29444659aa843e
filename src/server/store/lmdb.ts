import { statSync } from 'node:fs';
import { join } from 'node:path';

import type { Write } from '../core/writes.js';
import { Committer } from './lmdb/committer.js';
import { Draft } from './lmdb/draft.js';
import { Ledger } from './lmdb/ledger.js';
import { lockForServer } from './lmdb/lock.js';
import { LmdbReads } from './lmdb/reads.js';
import { planSweep } from './lmdb/sweep.js';
import { DATA_FILE, type Environment, openEnvironment } from './lmdb/tables.js';
import type { Store } from './store.js';

export interface LmdbStoreOptions {
  /** Opens beside a running server, for tools that read or change a user: no lock is taken. */
  readonly shared?: boolean;
}

/** The store on disk: LMDB, in one directory. What is where is in lmdb/tables.ts. */
export class LmdbStore extends LmdbReads implements Store {
  readonly #file: string;
  readonly #environment: Environment;
  readonly #committer: Committer;
  readonly #unlock: () => void;
  #closing: Promise<void> | undefined;

  /**
   * Opens the database in `directory`; makes directory and database where there are none.
   *
   * @throws DsageError `setup` when the directory cannot be written, when what is there is no database of dsage
   * or has another format version, or when another server uses it.
   */
  static open(directory: string, options: LmdbStoreOptions = {}): LmdbStore {
    const environment = openEnvironment(directory);
    try {
      const { meta } = environment.tables;
      const unlock = options.shared === true ? (): void => undefined : lockForServer(meta, directory);
      return new LmdbStore(directory, environment, unlock);
    } catch (thrown) {
      void environment.root.close();
      throw thrown;
    }
  }

  private constructor(directory: string, environment: Environment, unlock: () => void) {
    super(environment.tables, new Ledger(environment.tables));
    this.#file = join(directory, DATA_FILE);
    this.#environment = environment;
    this.#unlock = unlock;
    this.#committer = new Committer(environment.root, this.#file);
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#committer.check();
    const draft = new Draft(this.tables, this.ledger, writes);
    this.ledger.begin(draft);
    await this.#committer.write(draft.operations);
    this.ledger.publish(draft);
  }

  async sweep(): Promise<boolean> {
    this.#committer.check();
    const step = planSweep(this.tables, this.ledger.takeOutdated());
    await this.#committer.write(step.operations);
    for (const job of step.finished) this.ledger.swept(job);
    return step.isMore;
  }

  sizeBytes(): number {
    return statSync(this.#file).size;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#committer.close();
    // After a failed write the process is about to end, and the lock of a process that is gone does not count.
    if (!this.#committer.hasFailed) this.#unlock();
    await this.#environment.root.close();
  }
}
