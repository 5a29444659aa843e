/**
 * Who follows which job. A program may hold several handles of one job; most jobs have one, and tens of
 * thousands of those are followed at once, so only the others get a set.
 */
export class Watchers<T extends object> {
  readonly #first = new Map<number, T>();
  readonly #more = new Map<number, Set<T>>();

  /** Adds one; nothing happens when it is there. */
  add(job: number, watcher: T): void {
    const first = this.#first.get(job);
    if (first === undefined) this.#first.set(job, watcher);
    else if (first !== watcher) this.#more.set(job, (this.#more.get(job) ?? new Set()).add(watcher));
  }

  /** Whether this was the job's last one; false also when it was not there. */
  delete(job: number, watcher: T): boolean {
    const more = this.#more.get(job);
    if (this.#first.get(job) !== watcher) {
      if (more?.delete(watcher) === true && more.size === 0) this.#more.delete(job);
      return false;
    }
    const [next] = more ?? [];
    if (next === undefined) return this.#first.delete(job);
    this.#first.set(job, next);
    more?.delete(next);
    if (more?.size === 0) this.#more.delete(job);
    return false;
  }

  hasJob(job: number): boolean {
    return this.#first.has(job);
  }

  has(job: number, watcher: T): boolean {
    return this.#first.get(job) === watcher || this.#more.get(job)?.has(watcher) === true;
  }

  /** Calls `tell` for all of a job's; those that leave or come meanwhile do no harm. */
  forEach(job: number, tell: (watcher: T) => void): void {
    const first = this.#first.get(job);
    if (first === undefined) return;
    const more = this.#more.get(job);
    if (more === undefined) tell(first);
    else for (const watcher of [first, ...more]) tell(watcher);
  }

  /** Every job that somebody follows. */
  jobs(): Iterable<number> {
    return this.#first.keys();
  }

  /** Everybody, once. */
  all(): Set<T> {
    return new Set([...this.#first.values(), ...[...this.#more.values()].flatMap((more) => [...more])]);
  }

  clear(): void {
    this.#first.clear();
    this.#more.clear();
  }
}
