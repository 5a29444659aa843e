/** A listing that is fetched page by page while it is read: `for await` over it, or take it as an array. */
export class Pages<T> implements AsyncIterable<T> {
  readonly #fetch: (token: string) => Promise<{ readonly items: readonly T[]; readonly next: string }>;

  /** @param fetch gives the page of a token; the first one's is empty, and so is `next` of the last */
  constructor(fetch: (token: string) => Promise<{ readonly items: readonly T[]; readonly next: string }>) {
    this.#fetch = fetch;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for await (const page of this.pages()) yield* page;
  }

  /** One array for every page. */
  async *pages(): AsyncGenerator<readonly T[], void, void> {
    let token = '';
    do {
      const { items, next } = await this.#fetch(token);
      yield items;
      token = next;
    } while (token !== '');
  }

  /** All items, or the first `limit` of them. */
  async toArray(limit = Infinity): Promise<T[]> {
    const found: T[] = [];
    if (limit <= 0) return found;
    for await (const item of this) {
      found.push(item);
      if (found.length >= limit) break;
    }
    return found;
  }
}
