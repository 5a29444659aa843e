const SECONDS = 10;

/** Tasks that ended in each of the last ten seconds. */
export class Throughput {
  readonly #counts = new Array<number>(SECONDS).fill(0);
  #second = 0;

  add(count: number, nowMs: number): void {
    this.#advance(nowMs);
    const place = this.#second % SECONDS;
    this.#counts[place] = (this.#counts[place] ?? 0) + count;
  }

  /** Mean over the last ten seconds. */
  perSecond(nowMs: number): number {
    this.#advance(nowMs);
    return this.#counts.reduce((sum, count) => sum + count, 0) / SECONDS;
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    if (second - this.#second >= SECONDS) this.#counts.fill(0);
    else for (let past = this.#second + 1; past <= second; past += 1) this.#counts[past % SECONDS] = 0;
    this.#second = Math.max(second, this.#second);
  }
}
