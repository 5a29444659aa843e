interface Entry {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** What a timer can be told. */
export interface Timer {
  cancel(): void;
}

/** Virtual time: what is due runs in order, and between two entries no time passes for anybody. */
export class Timeline {
  nowMs = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  after(delayMs: number, run: () => void): Timer {
    return this.at(this.nowMs + Math.max(0, delayMs), run);
  }

  /** What is due at the same time runs in the order in which it was asked for. */
  at(atMs: number, run: () => void): Timer {
    this.#order += 1;
    const entry: Entry = { atMs: Math.max(this.nowMs, atMs), order: this.#order, run };
    this.#push(entry);
    return {
      cancel: () => {
        entry.run = undefined;
      },
    };
  }

  /** Runs what is due until `endMs`, or until `done` holds. */
  run(endMs: number, done: () => boolean = () => false): void {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined || first.atMs > endMs) break;
      this.#pop();
      if (first.run === undefined) continue;
      this.nowMs = first.atMs;
      first.run();
      if (done()) return;
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || precedes(parent, entry)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && precedes(right, child)) [child, below] = [right, below + 1];
      if (precedes(last, child)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
  }
}

function precedes(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
