import { BlobRetention, type BlobRetentionOptions } from './blob-retention.js';
import type { Engine } from './engine.js';

const EVERY_MS = 10_000;
const SHORTEST_MS = 100;
const JOBS_AT_ONCE = 1_000;

export interface HousekeepingOptions extends Omit<BlobRetentionOptions, 'store'> {
  readonly engine: Engine;
}

/**
 * Retention: forgets ended jobs whose time is over, frees what forgotten jobs left, and deletes the blobs that
 * only they used, a little at a time.
 */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #blobs: BlobRetention;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #stopped = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    this.#blobs = new BlobRetention({ ...options, store: options.engine.store });
  }

  start(): void {
    const everyMs = Math.min(EVERY_MS, Math.max(SHORTEST_MS, this.#options.graceMs));
    this.#timer = setInterval(() => {
      void this.#run();
    }, everyMs);
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#blobs.stop();
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { engine, log, now } = this.#options;
    try {
      const jobs = engine.store.expiredJobs(now(), JOBS_AT_ONCE);
      if (jobs.length > 0) {
        await engine.ask((request) => ({ type: 'jobs-forgotten', request, jobs }));
        log.info('jobs were forgotten: their time to live is over', { jobs: jobs.length });
      }
      while (!this.#stopped && (await engine.store.sweep()));
      if (!this.#stopped) await this.#blobs.advance();
    } catch (error) {
      if (!this.#stopped) log.error('housekeeping failed', { error });
    } finally {
      this.#running = false;
    }
  }
}
