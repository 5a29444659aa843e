/** Work that must be done one after the other, some of it at once and some of it later. */
export class InOrder {
  readonly #onProblem: (thrown: unknown) => void;
  #last: Promise<void> | undefined;

  /** @param onProblem hears what a piece of work threw; the next one goes on all the same */
  constructor(onProblem: (thrown: unknown) => void) {
    this.#onProblem = onProblem;
  }

  /** Nothing is under way: what comes next may be done at once. */
  get isIdle(): boolean {
    return this.#last === undefined;
  }

  enqueue(work: () => void | Promise<void>): void {
    const mine = (this.#last ?? Promise.resolve())
      .then(work)
      .catch(this.#onProblem)
      .finally(() => {
        if (this.#last === mine) this.#last = undefined;
      });
    this.#last = mine;
  }

  /** Resolves once all that was enqueued before is done. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
