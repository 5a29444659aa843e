import { DsageError } from '../model/errors.js';

export interface WaitOptions {
  /** Rejects with TimeoutError after this many milliseconds; the work goes on. */
  readonly timeoutMs?: number;
  /** Rejects with the signal's reason when it is aborted; the work goes on. */
  readonly signal?: AbortSignal;
}

/** What a wait ends with before its time. */
export interface WaitEnds {
  /** Why the condition will not hold any more; undefined while it may. */
  readonly problem: () => DsageError | undefined;
  readonly timeout: (timeoutMs: number) => DsageError;
}

/** setTimeout takes longer ones for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Tells those who listen that something has changed, and lets others wait for a condition. */
export class News {
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves once `condition` holds, which is asked again with all news. Rejects as `ends` and the options say. */
  until(
    condition: () => boolean,
    { problem, timeout }: WaitEnds,
    { timeoutMs, signal }: WaitOptions,
  ): Promise<void> {
    checkTimeout(timeoutMs);
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        unsubscribe();
        signal?.removeEventListener('abort', aborted);
        clearTimeout(timer);
        how();
      };
      const check = (): void => {
        const isSo = condition();
        const error = isSo ? undefined : problem();
        if (isSo) settle(resolve);
        else if (error !== undefined) settle(() => reject(error));
      };
      const aborted = (): void => settle(() => reject(signal?.reason as Error));
      const expire = (ms: number): void => settle(() => reject(timeout(ms)));
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(expire, Math.min(timeoutMs, LONGEST_TIMER_MS), timeoutMs);
      const unsubscribe = this.subscribe(check);
      signal?.addEventListener('abort', aborted);
      if (signal?.aborted === true) aborted();
      else check();
    });
  }
}

/** Throws `invalid-argument` for what no wait can take. */
function checkTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || (Number.isFinite(timeoutMs) && timeoutMs >= 0)) return;
  throw new DsageError('invalid-argument', `timeoutMs is ${timeoutMs}.`, {
    hint: 'It must be a number of milliseconds; leave it out to wait without a limit.',
  });
}
