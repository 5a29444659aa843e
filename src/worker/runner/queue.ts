/** First in, first out; both ends cost the same at any length. */
export class Queue<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts items before all others, in their order. */
  unshift(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head)];
    this.#head = 0;
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head >= 256 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Removes and returns everything that `wanted` is true of. */
  extract(wanted: (item: T) => boolean): T[] {
    const taken: T[] = [];
    const left: T[] = [];
    for (const item of this.toArray()) (wanted(item) ? taken : left).push(item);
    this.#items = left;
    this.#head = 0;
    return taken;
  }

  /** Removes and returns everything. */
  clear(): T[] {
    return this.extract(() => true);
  }

  toArray(): T[] {
    return this.#items.slice(this.#head);
  }
}
