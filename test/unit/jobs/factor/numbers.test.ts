import { expect } from 'chai';

import { isPrimeBigInt, nextPrime } from '#dsage/code/prelude/numbers.js';
import { bitsOf, integerRoot, inverse, powerModulo } from '#dsage/code/prelude/arithmetic.js';
import { Factorization } from '#dsage/jobs/factor/factorization.js';
import { pMinusOne } from '#dsage/jobs/factor/p-minus-one.js';
import { perfectPower } from '#dsage/jobs/factor/perfect-power.js';
import { primesUpTo, sieveBlock } from '#dsage/jobs/factor/primes.js';
import { rho } from '#dsage/code/prelude/rho.js';
import { coprimeBases } from '#dsage/jobs/factor/split.js';
import { Random } from '../../../support/random.js';

const P = 1_000_000_007n;
const Q = 1_000_000_009n;

describe('arithmetic for factoring', () => {
  it('has all primes and no other numbers', () => {
    const primes = primesUpTo(10_000);
    expect(primes).to.have.lengthOf(1229);
    expect(primes.every((prime) => isPrimeBigInt(BigInt(prime)))).to.equal(true);
    expect([primesUpTo(1), primesUpTo(2), primesUpTo(9)]).to.deep.equal([[], [2], [2, 3, 5, 7]]);
    const block = sieveBlock(900, 1000, primesUpTo(44));
    for (let n = 900; n < 1900; n += 1)
      expect(block[n - 900] === 1, `${n}`).to.equal(isPrimeBigInt(BigInt(n)));
  });

  it('takes roots and counts bits', () => {
    const random = new Random(5);
    for (let round = 0; round < 300; round += 1) {
      const n = BigInt(random.int(1, 2 ** 50)) ** BigInt(random.int(1, 9));
      const k = random.int(2, 12);
      const root = integerRoot(n, k);
      expect(root ** BigInt(k) <= n && (root + 1n) ** BigInt(k) > n, `${n} ${k}`).to.equal(true);
      expect(bitsOf(n)).to.equal(n.toString(2).length);
    }
    expect(bitsOf(0n)).to.equal(0);
  });

  it('inverts what has an inverse, and shows the divisor of what has none', () => {
    expect(inverse(3n, 7n)).to.deep.equal({ value: 5n });
    expect(inverse(-3n, 7n)).to.deep.equal({ value: 2n });
    expect(inverse(6n, 15n)).to.deep.equal({ divisor: 3n });
    expect(inverse(0n, 15n)).to.deep.equal({ divisor: 15n });
    expect(powerModulo(3n, 200n, 1n)).to.equal(0n);
  });

  it('sees perfect powers', () => {
    for (const k of [1, 2, 3, 4, 6, 12, 17, 101]) {
      expect(perfectPower(P ** BigInt(k)), `${k}`).to.deep.equal([P, k]);
      expect(perfectPower((P * Q) ** BigInt(k), 5_000)).to.deep.equal([P * Q, k]);
    }
    expect(perfectPower(P ** 6n * Q ** 4n)).to.deep.equal([P ** 3n * Q ** 2n, 2]);
    expect(perfectPower(P ** 2n * Q)).to.deep.equal([P ** 2n * Q, 1]);
    expect([perfectPower(1n), perfectPower(2n), perfectPower(4n)]).to.deep.equal([
      [1n, 1],
      [2n, 1],
      [2n, 2],
    ]);
  });

  it('splits into bases that share no factor', () => {
    expect(
      coprimeBases([
        [P ** 2n * Q, 3],
        [P, 2],
      ]).sort(([a], [b]) => Number(a - b)),
    ).to.deep.equal([
      [P, 8],
      [Q, 3],
    ]);
    expect(coprimeBases([[1n, 5]])).to.deep.equal([]);
  });

  it('finds divisors by rho, equal and many factors too', () => {
    for (const n of [P * Q, P * P, 10_007n * 10_009n * 10_037n * 10_039n, 25n, 9n * 7n]) {
      const divisor = rho(n);
      expect(divisor > 1n && divisor < n && n % divisor === 0n, `${n}`).to.equal(true);
    }
    expect(rho((10n ** 30n + 57n) * (10n ** 31n + 33n), 2_000)).to.equal(undefined);
  });

  it('finds a prime by p - 1 when p - 1 has small factors, but for one', () => {
    // p - 1 = 2^4 * 3 * 5^2 * 7 * 101 * 10007, or a little more; and one with a large prime in p - 1.
    const smooth = nextPrimeOf(2n ** 4n * 3n * 25n * 7n * 101n * 10_007n);
    const rough = nextPrimeOf(2n * nextPrime(10n ** 20n));
    expect(pMinusOne(smooth * rough, 200, 20_000)).to.equal(smooth);
    expect(pMinusOne(smooth * rough, 200, 200)).to.equal(undefined);
    expect(pMinusOne((10n ** 30n + 57n) * (10n ** 31n + 33n), 100, 1000)).to.equal(undefined);
    // Both at once in one batch: they come apart one prime at a time.
    expect(pMinusOne(31n * 8191n, 100, 100)).to.be.oneOf([31n, 8191n]);
  });

  /** A prime whose p - 1 is a small multiple of the given number. */
  function nextPrimeOf(factors: bigint): bigint {
    for (let k = 1n; ; k += 1n) if (isPrimeBigInt(k * factors + 1n)) return k * factors + 1n;
  }
});

describe('a factorization', () => {
  it('knows at once what is cheap to know', () => {
    const of = (n: bigint) => new Factorization(n, isPrimeBigInt);
    expect(of(1n).primes).to.deep.equal([]);
    expect(String(of(1n))).to.equal('1');
    expect(of(-1n).primes).to.deep.equal([[-1n, 1]]);
    expect(of(-12n).primes).to.deep.equal([
      [-1n, 1],
      [2n, 2],
      [3n, 1],
    ]);
    expect(of(P).primes).to.deep.equal([[P, 1]]);
    expect(of(P ** 5n * 4n).primes).to.deep.equal([
      [2n, 2],
      [P, 5],
    ]);
    const open = of(8n * (P * Q) ** 3n);
    expect(open.composites).to.deep.equal([[P * Q, 3]]);
    expect(open.isComplete).to.equal(false);
    expect(String(open)).to.equal(`2^3 * (${P * Q})^3`);
  });

  it('takes divisors in, and keeps the product', () => {
    const R = 1_000_000_021n;
    const open = new Factorization(P ** 2n * Q ** 2n * R, isPrimeBigInt);
    const n = open.composites[0]![0];
    const split = open.divide(n, P * Q);
    expect(split.composites).to.deep.equal([P * Q]);
    expect(open.composites).to.deep.equal([[P * Q, 2]]);
    open.divide(P * Q, Q);
    expect(open.primes).to.deep.equal([
      [P, 2],
      [Q, 2],
      [R, 1],
    ]);
    expect(open.isComplete).to.equal(true);
    expect(() => open.divide(P * Q, Q)).to.throw(RangeError);
  });

  it('refuses what is no proper divisor', () => {
    const open = new Factorization(P * Q, isPrimeBigInt);
    for (const wrong of [0n, 1n, -P, 7n, P * Q]) expect(() => open.divide(P * Q, wrong)).to.throw(RangeError);
    expect(open.composites).to.deep.equal([[P * Q, 1]]);
  });
});
