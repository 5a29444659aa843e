import { DistributedJob } from 'dsage';

import { seededRandom } from './random.js';

interface Parameters {
  /** How many samples an estimate takes: the parameter that is swept. */
  readonly sizes: readonly number[];
  /** How many independent estimates to make with each. */
  readonly seeds: number;
}

interface Task {
  readonly samples: number;
  readonly seed: number;
}

/** What the estimates with one number of samples have in common. */
export interface Point {
  readonly samples: number;
  readonly mean: number;
  /** The errors of all of them, without their signs; by seed. */
  readonly errors: readonly number[];
  /** The root of the mean squared error, and how far it may be off itself. */
  readonly rms: number;
  readonly rmsError: number;
}

/** Estimates pi by throwing darts at a square, with more and more darts. */
export class PiSweep extends DistributedJob<Parameters, Task, number, Point[]> {
  static readonly module = import.meta.url;

  readonly #estimates = new Map(this.parameters.sizes.map((samples): [number, number[]] => [samples, []]));

  /** The longest first: then no worker is busy with a long one when the others have nothing left. */
  *tasks() {
    for (const samples of this.parameters.sizes.toSorted((a, b) => b - a)) {
      for (let seed = 1; seed <= this.parameters.seeds; seed += 1) yield { samples, seed };
    }
  }

  override get total() {
    return this.parameters.sizes.length * this.parameters.seeds;
  }

  /** The part of the square's darts that hit the quarter of a circle in it, times 4. */
  compute({ samples, seed }: Task) {
    const random = seededRandom(samples, seed);
    let hits = 0;
    for (let sample = 0; sample < samples; sample += 1) {
      const x = random();
      const y = random();
      if (x * x + y * y < 1) hits += 1;
    }
    return (4 * hits) / samples;
  }

  /** Put by seed, not by arrival: so the sums, and the file that is drawn, are the same every time. */
  collect(estimate: number, { samples, seed }: Task) {
    const estimates = this.#estimates.get(samples);
    if (estimates !== undefined) estimates[seed - 1] = estimate;
  }

  /** May be asked for while estimates are missing: `Object.values` leaves out the gaps. */
  get result() {
    return [...this.#estimates].map(([samples, estimates]) => summary(samples, Object.values(estimates)));
  }
}

function summary(samples: number, estimates: readonly number[]): Point {
  const errors = estimates.map((estimate) => Math.abs(estimate - Math.PI));
  const rms = Math.sqrt(mean(errors.map((error) => error * error)));
  // The standard error of a standard deviation, for errors that are spread normally.
  return { samples, mean: mean(estimates), errors, rms, rmsError: rms / Math.sqrt(2 * errors.length) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
