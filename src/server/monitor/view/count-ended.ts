import type { JobRecord } from '../../../model/job.js';

const SLICE_MS = 5;
/** Between slices, so that a server that has just started spends most of its time on its clients. */
const PAUSE_MS = 15;
const LOOK_AT_CLOCK = 32;

export interface CountEndedOptions {
  /** Lazy: a slice reads a slice. */
  readonly jobs: () => Iterable<JobRecord>;
  readonly note: (record: JobRecord) => void;
  readonly onDone: () => void;
}

/** Goes once over all jobs of the store, a few milliseconds at a time. */
export class CountEnded {
  readonly #options: CountEndedOptions;
  #records: Iterator<JobRecord> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CountEndedOptions) {
    this.#options = options;
  }

  start(): void {
    this.#records = this.#options.jobs()[Symbol.iterator]();
    this.#timer = setTimeout(() => {
      this.#slice();
    }, 0);
  }

  /** Idempotent. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#records = undefined;
  }

  #slice(): void {
    const records = this.#records;
    if (records === undefined) return;
    const startedAt = performance.now();
    for (let count = 1; ; count += 1) {
      const next = records.next();
      if (next.done === true) {
        this.stop();
        this.#options.onDone();
        return;
      }
      this.#options.note(next.value);
      if (count % LOOK_AT_CLOCK === 0 && performance.now() - startedAt >= SLICE_MS) break;
    }
    this.#timer = setTimeout(() => {
      this.#slice();
    }, PAUSE_MS);
  }
}
