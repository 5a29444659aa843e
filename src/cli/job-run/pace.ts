/** A rate is taken over so long, and longer where tasks are few. */
const WINDOW_MS = 10_000;
const WINDOW_TASKS = 10;
const SHORTEST_MS = 500;

interface Sample {
  readonly atMs: number;
  readonly done: number;
}

/** How fast tasks end: by the last ten seconds, or the last ten tasks where they take longer. */
export class Pace {
  readonly #baseline: number;
  #samples: Sample[] = [];

  /** @param baseline so many tasks had ended before this process came: replaying them says nothing of the rate */
  constructor(baseline = 0) {
    this.#baseline = baseline;
  }

  note(atMs: number, done: number): void {
    const last = this.#samples.at(-1);
    if (done < this.#baseline || done === last?.done) return;
    this.#samples.push({ atMs, done });
    const isOld = (second: Sample | undefined): boolean =>
      second !== undefined && second.atMs < atMs - WINDOW_MS && done - second.done >= WINDOW_TASKS;
    while (isOld(this.#samples[1])) this.#samples.shift();
  }

  /** Tasks a second; undefined while too little has been seen. */
  perSecond(nowMs: number): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.done === first.done) return undefined;
    const passedMs = nowMs - first.atMs;
    return passedMs < SHORTEST_MS ? undefined : ((last.done - first.done) * 1000) / passedMs;
  }
}
