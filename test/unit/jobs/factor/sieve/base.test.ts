import { expect } from 'chai';

import { integerRoot, powerModulo } from '#dsage/code/prelude/arithmetic.js';
import { primesUpTo } from '#dsage/jobs/factor/primes.js';
import { sieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { jacobi } from '#dsage/jobs/factor/jacobi.js';
import { multiplierOf } from '#dsage/jobs/factor/sieve/multiplier.js';
import { sieveParameters } from '#dsage/jobs/factor/sieve/parameters.js';
import { semiprime } from '../kernel/support.js';

describe('a factor base', () => {
  it('has 2, the divisors of k and the primes modulo which kn is a square, and no others', () => {
    const n = semiprime(45);
    const { primes, kn, multiplier } = sieveBase(n);
    expect(kn).to.equal(BigInt(multiplier) * n);
    const expected = primesUpTo(primes.at(-1) ?? 0).filter(
      (p) => p === 2 || [0n, 1n].includes(powerModulo(kn, BigInt((p - 1) / 2), BigInt(p))),
    );
    expect([...primes]).to.deep.equal(expected);
  });

  it('has room for every u, and large primes beyond its own', () => {
    for (const digits of [25, 40, 70, 95]) {
      const { primes, kn, valueBytes, largePrimeBound, parameters } = sieveBase(semiprime(digits));
      expect(primes).to.have.length(sieveParameters(semiprime(digits).toString(2).length).baseSize);
      expect(largePrimeBound).within((primes.at(-1) ?? 0) * 10, 2 ** 32);
      // u is at most about sqrt(2 kn); x = 0 and the rounding of `a` leave some bits to spare.
      expect(2 ** 64).to.be.greaterThan(Number((1n << BigInt(8 * valueBytes)) / integerRoot(2n * kn, 2)));
      expect(1n << BigInt(8 * valueBytes) > 1_000n * integerRoot(2n * kn, 2)).to.be.true;
      expect(parameters.largePrimes).to.equal(digits < 75 ? 1 : 2);
    }
  });

  it('knows the squares modulo a prime', () => {
    for (const p of [3, 7, 101, 65_537, 1_000_003]) {
      for (let a = 1; a < Math.min(p, 60); a += 1) {
        const isSquare = powerModulo(BigInt(a), BigInt((p - 1) / 2), BigInt(p)) === 1n;
        expect(jacobi(a, p) === 1, `${a} modulo ${p}`).to.equal(isSquare);
      }
    }
  });

  it('is made for a multiplier that brings small primes in', () => {
    // 1 modulo 8 and a square modulo 3, 5, 7, 11 and 13: nothing can be better than the number itself.
    expect(multiplierOf(120_120n * 10n ** 30n + 1n)).to.equal(1);
    // A non-square modulo the same, 3 modulo 8: some multiplier must help.
    const base = sieveBase(semiprime(50));
    const small = base.primes.filter((p) => p < 50).length;
    expect(small).to.be.greaterThan(7);
  });

  it('grows with the number, without a jump', () => {
    let before = sieveParameters(80);
    for (let bits = 81; bits <= 340; bits += 1) {
      const next = sieveParameters(bits);
      expect(next.baseSize, `${bits} bits`).within(before.baseSize, before.baseSize * 1.1);
      expect(next.blocks).within(before.blocks, before.blocks + 1);
      before = next;
    }
  });
});
