import type { Report } from '../support/results.js';

export interface BenchOptions {
  /** Few tasks and one run: shows that all of it works, not how fast it is. */
  readonly quick: boolean;
  /** How often a measurement is repeated. */
  readonly runs: number;
  /** Lengths of the numbers to factor; the bench's own unless given. */
  readonly digits?: readonly number[];
  /** Says what is being done. */
  readonly progress: (line: string) => void;
}

/** One benchmark: what `npm run bench -- NAME` runs. */
export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** How often it repeats its measurements unless told; 3 unless given. */
  readonly runs?: number;
  run(options: BenchOptions): Promise<Report>;
}
