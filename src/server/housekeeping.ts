import type { Logger } from '../log/log.js';
import type { Engine } from './engine.js';

const EVERY_MS = 10_000;
const JOBS_AT_ONCE = 1_000;

/** Retention: forgets ended jobs whose time is over, and frees what forgotten jobs left, a little at a time. */
export class Housekeeping {
  readonly #engine: Engine;
  readonly #log: Logger;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #stopped = false;

  constructor(engine: Engine, log: Logger, now: () => number) {
    this.#engine = engine;
    this.#log = log;
    this.#now = now;
  }

  start(): void {
    this.#timer = setInterval(() => {
      void this.#run();
    }, EVERY_MS);
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      const jobs = this.#engine.store.expiredJobs(this.#now(), JOBS_AT_ONCE);
      if (jobs.length > 0) {
        await this.#engine.ask((request) => ({ type: 'jobs-forgotten', request, jobs }));
        this.#log.info('jobs were forgotten: their time to live is over', { jobs: jobs.length });
      }
      while (!this.#stopped && (await this.#engine.store.sweep()));
    } catch (error) {
      if (!this.#stopped) this.#log.error('housekeeping failed', { error });
    } finally {
      this.#running = false;
    }
  }
}
