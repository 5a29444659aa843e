import { expect } from 'chai';
import fc from 'fast-check';

import { DsageError } from '#dsage/model/errors.js';
import { factor } from '#dsage/code/prelude/factor.js';
import { gcd, isPrime, nextPrime } from '#dsage/code/prelude/numbers.js';

describe('the prelude', () => {
  it('knows the primes', () => {
    const primes = Array.from({ length: 60 }, (_, n) => n).filter((n) => isPrime(n));
    expect(primes).to.deep.equal([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
    // Strong pseudoprimes to many bases, Carmichael numbers, and primes around the bounds between methods.
    for (const composite of [
      561n,
      3215031751n,
      3825123056546413051n,
      318665857834031151167461n,
      2n ** 89n + 1n,
    ]) {
      expect(isPrime(composite), String(composite)).to.equal(false);
    }
    for (const prime of [
      1048573n,
      1048583n,
      2n ** 61n - 1n,
      2n ** 89n - 1n,
      2n ** 127n - 1n,
      2n ** 521n - 1n,
    ]) {
      expect(isPrime(prime), String(prime)).to.equal(true);
    }
    expect([isPrime(-7), isPrime(0), isPrime(1n)]).to.deep.equal([false, false, false]);
  });

  it('finds the next prime, in the form that was given', () => {
    expect([nextPrime(-5), nextPrime(2), nextPrime(3), nextPrime(13n), nextPrime(2n ** 64n)]).to.deep.equal([
      2,
      3,
      5,
      17n,
      18446744073709551629n,
    ]);
  });

  it('takes the greatest common divisor of any numbers', () => {
    expect([gcd(12, -18), gcd(0n, 0n), gcd(2n ** 70n, 6n ** 30n), gcd(8, 12, 6)]).to.deep.equal([
      6,
      0n,
      2n ** 30n,
      2,
    ]);
  });

  it('factors, and multiplies back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 64n }), (number) => {
        const factors = factor(number);
        expect(factors.reduce((product, [prime, count]) => product * prime ** BigInt(count), 1n)).to.equal(
          number,
        );
        expect(factors.every(([prime]) => isPrime(prime))).to.equal(true);
      }),
      { numRuns: 30 },
    );
    expect(factor(2n ** 32n + 1n)).to.deep.equal([
      [641n, 1],
      [6700417n, 1],
    ]);
    expect(factor(10007 ** 2)).to.deep.equal([[10007, 2]]);
  });

  it('refuses what is no whole number, or too large, with advice', () => {
    expect(() => isPrime(2.5)).to.throw(DsageError, 'isPrime(2.5)');
    expect(() => gcd(2 ** 53, 4)).to.throw(DsageError, 'BigInt');
    expect(() => factor(0)).to.throw(DsageError, 'at least 1');
    expect(() => factor(2n ** 256n + 1n)).to.throw(DsageError, 'DistributedFactor');
    expect(() => nextPrime(Number.MAX_SAFE_INTEGER)).to.throw(DsageError, 'does not fit');
  });
});
