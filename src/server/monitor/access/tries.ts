const WINDOW_MS = 60_000;
const MAX_FAILURES = 10;
const MAX_ADDRESSES = 10_000;

/** Logins that failed, by address: after ten in a minute nobody from there may try for the rest of it. */
export class Tries {
  readonly #now: () => number;
  /** Oldest first. */
  readonly #failures = new Map<string, { count: number; readonly sinceMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  mayTry(address: string): boolean {
    return (this.#current(address)?.count ?? 0) < MAX_FAILURES;
  }

  failed(address: string): void {
    const current = this.#current(address);
    if (current !== undefined) {
      current.count += 1;
      return;
    }
    const oldest = this.#failures.keys().next();
    if (this.#failures.size >= MAX_ADDRESSES && oldest.done !== true) this.#failures.delete(oldest.value);
    this.#failures.set(address, { count: 1, sinceMs: this.#now() });
  }

  #current(address: string) {
    const found = this.#failures.get(address);
    if (found === undefined || this.#now() - found.sinceMs < WINDOW_MS) return found;
    this.#failures.delete(address);
    return undefined;
  }
}
