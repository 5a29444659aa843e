import type { TaskIndex } from '../../model/job.js';

/** Consecutive indexes, from `first` on. */
export interface Run {
  readonly first: TaskIndex;
  readonly count: number;
}

/**
 * A set of task indexes, kept as sorted runs: a million waiting tasks are one run and a few bytes.
 * Taking from the front costs nothing; adding and deleting cost a binary search.
 */
export class IndexRuns {
  #firsts: TaskIndex[] = [];
  /** One past the last index of each run. */
  #ends: TaskIndex[] = [];
  /** Runs before this place have been taken; cut off now and then. */
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(index: TaskIndex): boolean {
    const place = this.#placeOf(index);
    return place >= this.#head && index < (this.#ends[place] ?? 0);
  }

  /** Adds `count` indexes from `first` on; none of them may be in the set. */
  add(first: TaskIndex, count = 1): void {
    if (count === 0) return;
    const end = first + count;
    if (this.#size === 0) {
      // Most jobs have one task: lists that grow would take room for many runs.
      this.#firsts = [first];
      this.#ends = [end];
      this.#head = 0;
      this.#size = count;
      return;
    }
    const before = this.#placeOf(first);
    const after = before + 1;
    const joinsBefore = before >= this.#head && this.#ends[before] === first;
    const joinsAfter = this.#firsts[after] === end;
    if (joinsBefore && joinsAfter) {
      this.#ends[before] = this.#ends[after] ?? end;
      this.#firsts.splice(after, 1);
      this.#ends.splice(after, 1);
    } else if (joinsBefore) {
      this.#ends[before] = end;
    } else if (joinsAfter) {
      this.#firsts[after] = first;
    } else {
      this.#firsts.splice(after, 0, first);
      this.#ends.splice(after, 0, end);
    }
    this.#size += count;
  }

  /** Whether `index` was in the set. */
  delete(index: TaskIndex): boolean {
    const place = this.#placeOf(index);
    const end = this.#ends[place];
    if (place < this.#head || end === undefined || index >= end) return false;
    const first = this.#firsts[place] ?? index;
    if (first === index && end === index + 1) {
      this.#firsts.splice(place, 1);
      this.#ends.splice(place, 1);
    } else if (first === index) {
      this.#firsts[place] = index + 1;
    } else if (end === index + 1) {
      this.#ends[place] = index;
    } else {
      this.#ends[place] = index;
      this.#firsts.splice(place + 1, 0, index + 1);
      this.#ends.splice(place + 1, 0, end);
    }
    this.#size -= 1;
    return true;
  }

  /** Takes up to `max` consecutive indexes from the front; undefined when the set is empty. */
  takeFirst(max: number): Run | undefined {
    const first = this.#firsts[this.#head];
    const end = this.#ends[this.#head];
    if (first === undefined || end === undefined) return undefined;
    const count = Math.min(max, end - first);
    if (first + count === end) this.#dropHead();
    else this.#firsts[this.#head] = first + count;
    this.#size -= count;
    return { first, count };
  }

  *runs(): Iterable<Run> {
    for (let place = this.#head; place < this.#firsts.length; place += 1) {
      const first = this.#firsts[place] ?? 0;
      yield { first, count: (this.#ends[place] ?? first) - first };
    }
  }

  clear(): void {
    this.#firsts = [];
    this.#ends = [];
    this.#head = 0;
    this.#size = 0;
  }

  #dropHead(): void {
    this.#head += 1;
    if (this.#head === this.#firsts.length) {
      this.#firsts.length = 0;
      this.#ends.length = 0;
      this.#head = 0;
    } else if (this.#head > 1_000 && this.#head * 2 > this.#firsts.length) {
      this.#firsts.splice(0, this.#head);
      this.#ends.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** The place of the last run that starts at or before `index`; one before the head when there is none. */
  #placeOf(index: TaskIndex): number {
    let low = this.#head;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firsts[middle] ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
