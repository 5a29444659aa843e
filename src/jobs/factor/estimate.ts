/** Rates are taken over this time: long enough to be steady, short enough to forget a replay. */
const WINDOW_MS = 30_000;
const SAMPLE_MS = 250;

interface Sample {
  readonly atMs: number;
  readonly fraction: number;
}

/** How long something takes still, by how its done fraction grew lately. Pure; times are of a clock that never goes back. */
export class Estimate {
  #samples: Sample[] = [];

  /** @param fraction from 0 to 1 */
  note(fraction: number, atMs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && fraction < last.fraction) this.#samples = [];
    if (last !== undefined && this.#samples.length > 1 && atMs - last.atMs < SAMPLE_MS) return;
    this.#samples.push({ atMs, fraction });
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Seconds; undefined while nothing is known. */
  left(fraction: number, atMs: number): number | undefined {
    const [first] = this.#samples;
    if (first === undefined || fraction <= first.fraction) return undefined;
    return ((atMs - first.atMs) * (1 - fraction)) / (fraction - first.fraction) / 1000;
  }
}
