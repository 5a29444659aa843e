import type { Lease } from '../../model/task.js';

/** One stop, however often it is asked for: the shortest time that was asked for counts. */
export class StopRequest {
  /** Resolves with the tasks that have not ended. */
  readonly done: Promise<Lease[]>;
  /** Tasks that were taken back before they started. */
  readonly unfinished: Lease[] = [];
  readonly #end: () => void;
  #timer: NodeJS.Timeout | undefined;
  #atMs = Infinity;

  /** @param endAll ends everything and says which tasks that cut off */
  constructor(endAll: () => Promise<Lease[]>) {
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    this.#end = begin;
    this.done = begun.then(endAll).then((cutOff) => [...this.unfinished, ...cutOff]);
  }

  within(graceMs: number): void {
    const atMs = performance.now() + graceMs;
    if (atMs >= this.#atMs) return;
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    this.#timer = setTimeout(() => this.now(), graceMs);
  }

  now(): void {
    clearTimeout(this.#timer);
    this.#atMs = -Infinity;
    this.#end();
  }
}
