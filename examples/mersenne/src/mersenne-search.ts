import { DistributedJob } from 'dsage';

import { isMersennePrime, isPrime } from './lucas-lehmer.js';

interface Parameters {
  /** The largest exponent to try. */
  readonly limit: number;
}

/** Finds the exponents p up to a limit for which 2^p - 1 is prime. */
export class MersenneSearch extends DistributedJob<Parameters, number, boolean, number[]> {
  /** Where this class is: dsage sends this file, and what it imports, to the workers. */
  static readonly module = import.meta.url;

  readonly #found: number[] = [];

  /** Here: one task for each exponent. Only a prime one can give a prime. They are taken as workers get free. */
  *tasks() {
    for (let p = 2; p <= this.parameters.limit; p += 1) if (isPrime(p)) yield p;
  }

  /** On a worker. */
  compute(p: number) {
    return isMersennePrime(p);
  }

  /** Here again, for each answer, in the order in which they come. */
  collect(isFound: boolean, p: number) {
    if (isFound) this.#found.push(p);
  }

  get result() {
    return this.#found.toSorted((a, b) => a - b);
  }
}
