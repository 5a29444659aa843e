/** Numbers without an end, of which at most so many are given out and not yet done. */
export class BoundedInputs implements AsyncIterable<number> {
  /** Resolves when as many as allowed have been given out for the first time. */
  readonly full: Promise<void>;
  readonly #limit: number;
  readonly #done: () => number;
  #given = 0;
  #onFull: () => void = () => undefined;

  constructor(limit: number, done: () => number) {
    this.#limit = limit;
    this.#done = done;
    this.full = new Promise((resolve) => (this.#onFull = resolve));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number, void, void> {
    while (true) {
      while (this.#given - this.#done() >= this.#limit) {
        this.#onFull();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const room = this.#limit - (this.#given - this.#done());
      for (let count = 0; count < room; count++) yield this.#given++;
    }
  }
}
