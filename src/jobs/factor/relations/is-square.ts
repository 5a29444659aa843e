import type { SieveBase } from '../sieve/base.js';
import { RelationReader } from './packed.js';

/** Whether the product of `u^2 - kn` over the packed relations is a square: every prime divides it evenly, and it is positive. */
export function isSquare(base: SieveBase, packed: Uint8Array): boolean {
  const isOdd = new Uint8Array(base.primes.length);
  const large: number[] = [];
  let isNegative = false;
  const reader = new RelationReader(base, packed);
  while (reader.next()) {
    if (reader.isNegative) isNegative = !isNegative;
    if (reader.large0 > 1) large.push(reader.large0);
    if (reader.large1 > 1) large.push(reader.large1);
    for (let place = 0; place < reader.factorCount; place += 1) {
      const factor = reader.factors[place] ?? 0;
      isOdd[factor] = (isOdd[factor] ?? 0) ^ 1;
    }
  }
  return !isNegative && isOdd.every((odd) => odd === 0) && arePairs(large);
}

function arePairs(numbers: readonly number[]): boolean {
  const sorted = Float64Array.from(numbers).sort();
  return sorted.length % 2 === 0 && sorted.every((number, place) => number === sorted[place ^ 1]);
}
