import { expect } from 'chai';

import { nextPrime } from '#dsage/code/prelude/numbers.js';
import { RelationBook } from '#dsage/jobs/factor/relations/book.js';
import { checkRelations } from '#dsage/jobs/factor/relations/check.js';
import { findDependencies } from '#dsage/jobs/factor/relations/matrix.js';
import { packRelation, pickRelations, unpackRelations } from '#dsage/jobs/factor/relations/packed.js';
import { divisorOf } from '#dsage/jobs/factor/relations/square-root.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { referenceBase, referenceSieve } from '../../../../support/reference-sieve.js';
import type { ReferenceOptions } from '../../../../support/reference-sieve.js';

/** Sieves until the book says that it is enough, through all checks. */
function collect(base: SieveBase, seed: number): RelationBook {
  const book = new RelationBook(base);
  for (const relation of referenceSieve(base, seed)) {
    const packed = packRelation(base, relation);
    expect(checkRelations(base, packed)).to.equal(1);
    book.add(packed);
    if (book.isEnough) break;
  }
  return book;
}

/** One divisor, or none, for each dependency. */
function divisors(base: SieveBase, packed: Uint8Array): (bigint | undefined)[] {
  return findDependencies(base, packed).map((list) => divisorOf(base, pickRelations(base, packed, list)));
}

const CASES: readonly (readonly [digits: number, options: ReferenceOptions])[] = [
  [20, { primes: 60 }],
  [22, { primes: 60, multiplier: 5, largePrimes: 2, largeFactor: 10 }],
  [26, { primes: 110, multiplier: 3 }],
  [30, { primes: 160, largePrimes: 2, largeFactor: 20 }],
  [36, { primes: 260, multiplier: 2 }],
];

describe('the whole way from relations to divisors', () => {
  for (const [digits, options] of CASES) {
    it(`factors ${digits} digits with ${options.largePrimes ?? 1} large primes`, () => {
      const p = nextPrime(3n * 10n ** BigInt(digits / 2 - 1));
      const q = nextPrime(8n * 10n ** BigInt(digits / 2 - 1));
      const base = referenceBase(p * q, options);
      const book = collect(base, digits);
      expect(book.counts.cycles, 'cycles').to.be.greaterThan(10);
      const found = divisors(base, book.take());
      expect(found.length).to.be.greaterThan(9);
      const proper = found.filter((divisor) => divisor !== undefined);
      expect(proper.every((divisor) => divisor === p || divisor === q)).to.equal(true);
      // Every second one works; that so few of so many do has a probability below 2^-10.
      expect(proper.length).to.be.greaterThan(found.length / 8);
    }).timeout(30_000);
  }
});

describe('divisorOf', () => {
  const [p, q] = [1_000_003n, 3_000_017n];
  const base = referenceBase(p * q, { primes: 40 });
  const packed = collect(base, 5).take();
  const dependencies = findDependencies(base, packed);
  const [first = new Uint32Array()] = dependencies;

  it('throws where the product is no square', () => {
    for (let leftOut = 0; leftOut < first.length; leftOut += 1) {
      const ordinals = first.filter((_, place) => place !== leftOut);
      const [removed] = unpackRelations(base, pickRelations(base, packed, first.slice(leftOut, leftOut + 1)));
      const isSquareAlone = removed?.factors.length === 0;
      if (isSquareAlone) continue;
      expect(() => divisorOf(base, pickRelations(base, packed, ordinals)), `${leftOut}`).to.throw(
        'no square',
      );
    }
  });

  it('throws where squares differ', () => {
    const [relation] = unpackRelations(base, pickRelations(base, packed, first));
    if (relation === undefined) throw new Error('no relation');
    const chosen = pickRelations(base, packed, first);
    // Another u of the same length in place of the first one.
    const changed = Uint8Array.from(chosen);
    changed[2] = (changed[2] ?? 0) ^ 1;
    expect(() => divisorOf(base, changed)).to.throw('their squares differ');
  });

  it('finds nothing where there is nothing', () => {
    expect(divisorOf(base, new Uint8Array())).to.equal(undefined);
    // The same relation twice gives x = y.
    const one = pickRelations(base, packed, [0]);
    const twice = new Uint8Array(2 * one.length);
    twice.set(one);
    twice.set(one, one.length);
    expect(divisorOf(base, twice)).to.equal(undefined);
  });
});
