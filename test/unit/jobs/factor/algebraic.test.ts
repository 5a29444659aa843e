import { expect } from 'chai';

import { algebraicFactors } from '#dsage/jobs/factor/algebraic.js';

const product = (factors: readonly bigint[]) => factors.reduce((whole, factor) => whole * factor, 1n);

describe('factors by form', () => {
  it('are those of b^e - 1 and b^e + 1, for all small bases and exponents', () => {
    for (let base = 2n; base <= 33n; base += 1n) {
      for (let exponent = 2n; exponent <= 40n; exponent += 1n) {
        for (const sign of [1n, -1n]) {
          const n = base ** exponent + sign;
          const factors = algebraicFactors(n);
          expect(product(factors), `${base}^${exponent} + ${sign}`).to.equal(n);
          expect(factors.every((factor) => factor >= 1n)).to.equal(true);
        }
      }
    }
  });

  it('are as many as the exponent has divisors, at least', () => {
    expect(algebraicFactors(11n ** 150n + 1n).map((factor) => String(factor).length)).to.deep.equal([
      3, 5, 9, 17, 42, 84,
    ]);
    expect(algebraicFactors(2n ** 60n - 1n).length).to.be.at.least(12);
    expect(algebraicFactors(10n ** 71n - 1n)).to.deep.equal([9n, (10n ** 71n - 1n) / 9n]);
  });

  it("are split by Aurifeuille's identities", () => {
    // 2^58 + 1 took Landry years; it is (2^29 - 2^15 + 1)(2^29 + 2^15 + 1).
    expect(algebraicFactors(2n ** 58n + 1n))
      .to.include(536838145n / 5n)
      .and.to.include(536903681n);
    // Every square-free base has one: these are prime powers in no other way.
    for (const [base, exponent, sign] of [
      [3n, 33n, 1n],
      [5n, 35n, -1n],
      [6n, 30n, 1n],
      [7n, 49n, 1n],
      [10n, 30n, 1n],
      [11n, 55n, 1n],
      [12n, 33n, 1n],
      [13n, 65n, -1n],
      [21n, 21n, -1n],
      [29n, 29n, -1n],
    ] as const) {
      const factors = algebraicFactors(base ** exponent + sign);
      const divisors = factors.length;
      const plain = countOfCyclotomic(exponent, sign);
      expect(divisors, `${base}^${exponent} + ${sign}`).to.be.greaterThan(plain);
    }
  });

  it('are none for other numbers', () => {
    for (const n of [1n, 2n, 3n, 7n * 11n, 2n ** 64n + 3n, 10n ** 40n + 7n]) {
      const factors = algebraicFactors(n);
      expect(product(factors)).to.equal(n);
      if (n > 10n) expect(factors, String(n)).to.deep.equal([n]);
    }
  });
});

function countOfCyclotomic(exponent: bigint, sign: bigint): number {
  const limit = sign === -1n ? exponent : 2n * exponent;
  let count = 0;
  for (let order = 1n; order <= limit; order += 1n) {
    if (limit % order === 0n && (sign === -1n || exponent % order !== 0n)) count += 1;
  }
  return count;
}
