import { digitsOf } from '../../code/prelude/arithmetic.js';
import { rho } from '../../code/prelude/rho.js';
import { sieveOne } from './compute-sieve.js';
import { Siever } from './kernel/siever.js';
import { RelationBook } from './relations/book.js';
import { findDependencies } from './relations/matrix.js';
import { pickRelations } from './relations/packed.js';
import { divisorOf } from './relations/square-root.js';
import { sieveBase } from './sieve/base.js';
import { Polynomials } from './sieve/polynomials.js';
import type { Watch } from './watch.js';

/** Up to here rho is done before a sieve has begun. */
const RHO_DIGITS = 20;
/**
 * Each gives a divisor with a chance of a half at least. Small numbers have few polynomials: when all of these give nothing,
 * no more relations may be to be had.
 */
const DEPENDENCIES = 32;
/** When no product gave a divisor, so many relations more must come. */
const MORE_RELATIONS = 32;

/**
 * A proper divisor of a composite number of up to some 50 digits that is no perfect power and has no small factors: by rho,
 * or all stages of the sieve in one go.
 */
export async function split(n: bigint, watch: Watch): Promise<bigint> {
  if (digitsOf(n) <= RHO_DIGITS) return rho(n);
  const base = sieveBase(n);
  const siever = new Siever(base);
  const polynomials = new Polynomials(base);
  const book = new RelationBook(base);
  for (;;) {
    const { full, cycles, needed } = book.counts;
    watch.progress(Math.min(1, (full + cycles) / needed));
    if (!book.isEnough) {
      book.add(await sieveOne(siever, polynomials.next(), watch));
      continue;
    }
    const relations = book.take();
    for (const dependency of findDependencies(base, relations, { most: DEPENDENCIES })) {
      const divisor = divisorOf(base, pickRelations(base, relations, dependency));
      if (divisor !== undefined) return divisor;
    }
    book.wantMore(MORE_RELATIONS);
  }
}
