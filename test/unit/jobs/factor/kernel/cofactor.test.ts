import { expect } from 'chai';

import { loadSieveKernel } from '#dsage/jobs/factor/kernel/sieve-wasm.js';
import { Random } from '../../../../support/random.js';
import { primeFrom } from './support.js';

/** A prime of about so many bits. */
function prime(random: Random, bits: number): bigint {
  return primeFrom(BigInt(Math.floor(2 ** (bits - 1) * (1 + random.next()))));
}

describe('the cofactors of the sieve', () => {
  const kernel = loadSieveKernel();

  // Up to 50 bits by curves, then by rho.
  for (const bits of [18, 22, 25, 26, 28, 31]) {
    it(`are split into primes of ${bits} bits`, () => {
      const random = new Random(bits);
      for (let turn = 0; turn < 60; turn += 1) {
        const [p, q] = [prime(random, bits), prime(random, Math.min(31, bits + (turn % 3)))];
        if (p === q) continue;
        expect(kernel.splitCofactor(p * q), `${p} * ${q}`).to.be.oneOf([p, q]);
      }
    });
  }

  it('are left alone when they are prime', () => {
    const random = new Random(1);
    for (let turn = 0; turn < 200; turn += 1) {
      const p = prime(random, 30 + (turn % 30));
      expect(kernel.splitCofactor(p), String(p)).to.equal(0n);
    }
  });

  it('that are squares end, too', () => {
    const p = prime(new Random(3), 24);
    expect(kernel.splitCofactor(p * p)).to.be.oneOf([0n, p]);
  });
});
