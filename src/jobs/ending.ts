import { type DsageError, TimeoutError } from '../model/errors.js';
import type { WaitOptions } from './run.js';

/** setTimeout takes longer ones for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The end of a run, which comes once, and those who wait for it. */
export class Ending {
  readonly #waiters = new Set<() => void>();
  #hasCome = false;

  get hasCome(): boolean {
    return this.#hasCome;
  }

  come(): void {
    this.#hasCome = true;
    for (const waiter of [...this.#waiters]) waiter();
  }

  /**
   * Resolves at the end. Rejects with TimeoutError or with the signal's reason.
   *
   * @param describe says for the TimeoutError how far the run is
   */
  wait({ timeoutMs, signal }: WaitOptions, describe: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        this.#waiters.delete(came);
        signal?.removeEventListener('abort', aborted);
        how();
      };
      const came = (): void => settle(resolve);
      const aborted = (): void => settle(() => reject(signal?.reason as Error));
      const timedOut = (): void => settle(() => reject(timeoutError(timeoutMs ?? 0, describe())));
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(timedOut, Math.min(timeoutMs, LONGEST_TIMER_MS));
      this.#waiters.add(came);
      signal?.addEventListener('abort', aborted);
      if (signal?.aborted === true) aborted();
      else if (this.#hasCome) came();
    });
  }
}

function timeoutError(timeoutMs: number, state: string): DsageError {
  return new TimeoutError(`After ${String(timeoutMs)} ms ${state}.`, { hint: 'It goes on; wait again.' });
}
