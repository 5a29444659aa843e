import { TimeoutError } from '../model/errors.js';
import { News } from './news.js';
import type { WaitOptions } from './news.js';

/** The end of a run, which comes once, and those who wait for it. */
export class Ending {
  readonly #news = new News();
  #hasCome = false;

  get hasCome(): boolean {
    return this.#hasCome;
  }

  come(): void {
    this.#hasCome = true;
    this.#news.tell();
  }

  /**
   * Resolves at the end. Rejects with TimeoutError or with the signal's reason.
   *
   * @param describe says for the TimeoutError how far the run is
   */
  wait(options: WaitOptions, describe: () => string): Promise<void> {
    const ends = {
      problem: () => undefined,
      timeout: (timeoutMs: number) =>
        new TimeoutError(`After ${String(timeoutMs)} ms ${describe()}.`, { hint: 'It goes on; wait again.' }),
    };
    return this.#news.until(() => this.#hasCome, ends, options);
  }
}
