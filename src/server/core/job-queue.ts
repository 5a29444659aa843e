import type { JobId } from '../../model/job.js';

/**
 * Job numbers in order of arrival. New jobs go to the end and old ones leave from the front at no cost;
 * one that comes back after a retry is put where its number belongs.
 */
export class JobQueue {
  #ids: JobId[] = [];
  #head = 0;

  get size(): number {
    return this.#ids.length - this.#head;
  }

  first(): JobId | undefined {
    return this.#ids[this.#head];
  }

  /** How many are before this one. */
  ahead(id: JobId): number {
    return this.#placeFor(id) - this.#head;
  }

  /** Adds `id`; nothing happens when it is there. */
  add(id: JobId): void {
    const last = this.#ids.at(-1);
    if (this.size === 0 || last === undefined || id > last) {
      this.#ids.push(id);
      return;
    }
    const place = this.#placeFor(id);
    if (this.#ids[place] !== id) this.#ids.splice(place, 0, id);
  }

  /** Removes `id`; nothing happens when it is not there. */
  delete(id: JobId): void {
    const place = this.#placeFor(id);
    if (this.#ids[place] !== id) return;
    if (place !== this.#head) {
      this.#ids.splice(place, 1);
      return;
    }
    this.#head += 1;
    if (this.#head === this.#ids.length || (this.#head > 1_000 && this.#head * 2 > this.#ids.length)) {
      this.#ids.splice(0, this.#head);
      this.#head = 0;
    }
  }

  *[Symbol.iterator](): Iterator<JobId> {
    for (let place = this.#head; place < this.#ids.length; place += 1) {
      const id = this.#ids[place];
      if (id !== undefined) yield id;
    }
  }

  #placeFor(id: JobId): number {
    let low = this.#head;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
