import type { Logger } from '../log/log.js';
import { type JobId, type JobSpec, shownName } from '../model/job.js';
import type { Send } from './core/effects.js';

/** So many lines at once, and one more for every `LINE_MS` that passed without. */
const BURST = 20;
const LINE_MS = 1_000;

export interface FailureLogOptions {
  readonly log: Logger;
  readonly now: () => number;
  readonly specOf: (job: JobId) => JobSpec | undefined;
}

/** Writes to the server's log which jobs failed and why; of many at once only the first, and then how many others. */
export class FailureLog {
  readonly #options: FailureLogOptions;
  #lines = BURST;
  #atMs = 0;
  #left = 0;

  constructor(options: FailureLogOptions) {
    this.#options = options;
  }

  note(send: Send): void {
    if (send.type !== 'announce-job') return;
    const { status, reason, counts } = send.snapshot;
    if (status !== 'failed') return;
    const { log, now, specOf } = this.#options;
    const nowMs = now();
    this.#lines = Math.min(BURST, this.#lines + Math.max(0, nowMs - this.#atMs) / LINE_MS);
    this.#atMs = nowMs;
    if (this.#lines < 1) {
      this.#left += 1;
      return;
    }
    this.#lines -= 1;
    const others = this.#left === 0 ? {} : { failedBeforeWithoutLine: this.#left };
    this.#left = 0;
    const { job } = send;
    const spec = specOf(job);
    const name = spec === undefined ? '' : shownName(spec);
    log.warn('a job failed', { job, name, why: reason, failedTasks: counts.failed, ...others });
  }
}
