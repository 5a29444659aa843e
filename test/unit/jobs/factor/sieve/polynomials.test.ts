import { expect } from 'chai';

import { sieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { Polynomials } from '#dsage/jobs/factor/sieve/polynomials.js';
import { sieveShape } from '#dsage/jobs/factor/sieve/shape.js';
import { semiprime } from '../kernel/support.js';

describe('the coefficients of the sieve', () => {
  for (const [digits, count] of [
    [30, 100],
    [35, 200],
    [40, 400],
    [50, 600],
    [70, 1_000],
    [95, 2_000],
  ] as const) {
    it(`are many at ${digits} digits, of the right size, and share few factors`, () => {
      const base = sieveBase(semiprime(digits));
      const { interval, form } = sieveShape(base);
      const polynomials = new Polynomials(base);
      const sets = Array.from({ length: count }, () => polynomials.next());
      const seen = new Set(sets.map(String));
      expect(seen.size).to.equal(count);
      const ideal = Math.sqrt(2 * Number(base.kn)) / interval / form;
      const parts = new Set<string>();
      for (const set of sets) {
        expect([...set].sort((x, y) => x - y)).to.deep.equal([...set]);
        expect(new Set(set).size).to.equal(set.length);
        for (const index of set) expect(base.multiplier % (base.primes[index] ?? 1)).to.not.equal(0);
        const a = set.reduce((product, index) => product * (base.primes[index] ?? 0), 1);
        expect(a / ideal).within(0.9, 1.1);
        for (const index of set) parts.add(String(set.filter((other) => other !== index)));
      }
      const all = sets.length * (sets[0]?.length ?? 0);
      expect(parts.size / all).to.be.greaterThan(digits < 35 ? 0.9 : 0.999);
    });
  }

  it('are the same sequence everywhere', () => {
    const base = sieveBase(semiprime(60));
    const [one, other] = [new Polynomials(base), new Polynomials(base)];
    for (let turn = 0; turn < 50; turn += 1) expect(one.next()).to.deep.equal(other.next());
  });
});
