import type { SieveBase } from '../sieve/base.js';
import { RelationReader } from './packed.js';

/** Whether the product of `u^2 - kn` over the packed relations is a square: every prime divides it evenly, and it is positive. */
export function isSquare(base: SieveBase, packed: Uint8Array): boolean {
  const odd = new Set<number>();
  const flip = (key: number): void => {
    if (!odd.delete(key)) odd.add(key);
  };
  const reader = new RelationReader(base, packed);
  while (reader.next()) {
    if (reader.isNegative) flip(-1);
    // Large primes are larger than all places of the base.
    if (reader.large0 > 1) flip(reader.large0);
    if (reader.large1 > 1) flip(reader.large1);
    for (let place = 0; place < reader.factorCount; place += 1) flip(reader.factors[place] ?? 0);
  }
  return odd.size === 0;
}
