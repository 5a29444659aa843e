import { isPrimeBigInt } from '../../../code/prelude/numbers.js';
import type { SieveBase } from '../sieve/base.js';
import { dependencySteps } from './matrix.js';
import type { DependencyProgress } from './matrix.js';
import { pickRelations } from './packed.js';
import { divisorOf } from './square-root.js';

/** What is being done, and which part of it is done (0 to 1). */
export interface DivisorProgress {
  readonly stage: DependencyProgress['stage'] | 'square root';
  readonly fraction: number;
  /** Columns of the matrix after merging; 0 before. */
  readonly size: number;
}

/**
 * All that follows sieving: from packed relations, as `RelationBook.take()` gives them, to different proper divisors of n, in
 * steps of about 50 ms. Of two primes one divisor is enough; otherwise every dependency is asked, so that together the
 * divisors split n as far as they can. There are none when the relations are too few, or by bad luck once in 2^32 times.
 */
export function* divisorSteps(
  base: SieveBase,
  packed: Uint8Array,
): Generator<DivisorProgress, bigint[], void> {
  const dependencies = yield* dependencySteps(base, packed);
  const found = new Set<bigint>();
  for (const [place, ordinals] of dependencies.entries()) {
    yield { stage: 'square root', fraction: place / dependencies.length, size: 0 };
    const divisor = divisorOf(base, pickRelations(base, packed, ordinals));
    if (divisor === undefined) continue;
    found.add(divisor);
    if (isPrimeBigInt(divisor) && isPrimeBigInt(base.n / divisor)) break;
  }
  return [...found];
}
