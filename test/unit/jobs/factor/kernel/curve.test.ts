import { expect } from 'chai';

import { gcd } from '#dsage/code/prelude/arithmetic.js';
import { isPrimeBigInt, nextPrime } from '#dsage/code/prelude/numbers.js';
import { ecmCurve } from '#dsage/jobs/factor/ecm.js';
import { CurveKernel } from '#dsage/jobs/factor/kernel/curve.js';
import { LANES } from '#dsage/jobs/factor/kernel/size.js';
import { pMinusOne } from '#dsage/jobs/factor/p-minus-one.js';
import { Random } from '../../../../support/random.js';
import { VECTORS } from './curve-vectors.js';

/** A prime that no curve here finds. */
const BIG = 2n ** 127n - 1n;

describe('the kernel of curves', () => {
  it('finds what the published curves find', function () {
    this.timeout(60_000);
    for (const { n, sigma, b1, b2, divisor } of VECTORS) {
      expect(new CurveKernel(n).curve(sigma, { b1, b2 }), `${n}, ${sigma}`).to.equal(divisor);
    }
  });

  it('finds nothing where GMP-ECM has nothing to find', () => {
    const n = 49367108402201032092269771894422156977426293789852367266303146912244441959559870316184237n;
    expect(new CurveKernel(n).curve(6n, { b1: 5_000, b2: 500_000 })).to.equal(undefined);
  });

  it('finds what the same curve finds in BigInt, and nothing else', () => {
    const random = new Random(12);
    let found = 0;
    for (let round = 0; round < 40; round += 1) {
      const p = nextPrime(BigInt(random.int(1e6, 1e9)));
      const n =
        p * (round % 2 === 0 ? BIG : nextPrime(BigInt(random.int(1e14, 9e15)))) ** BigInt(1 + (round % 3));
      const kernel = new CurveKernel(n);
      const sigma = BigInt(random.int(6, 2 ** 52));
      for (const bounds of [
        { b1: 200, b2: 0 },
        { b1: 200, b2: 20_000 },
      ]) {
        const divisor = ecmCurve(n, sigma, bounds);
        expect(kernel.curve(sigma, bounds), `${n}, ${sigma}, ${bounds.b2}`).to.equal(divisor);
        if (divisor !== undefined) found += 1;
      }
    }
    expect(found).to.be.within(5, 75);
  });

  it('runs several curves at once, and says which has found the divisor', () => {
    const n = 2n ** 256n + 1n;
    const kernel = new CurveKernel(n);
    const bounds = { b1: 2_000, b2: 200_000 };
    for (const sigmas of [[8n], [7n, 8n], [9n, 10n, 8n], [6n, 7n, 9n, 8n]]) {
      kernel.begin(sigmas, bounds);
      let steps = 0;
      while (kernel.step()) steps += 1;
      expect(steps).to.be.greaterThan(1);
      expect([kernel.divisor, kernel.sigma]).to.deep.equal([1_238_926_361_552_897n, 8n]);
      expect(kernel.step()).to.equal(false);
    }
    kernel.begin([6n, 7n, 9n, 10n], bounds);
    while (kernel.step());
    expect([kernel.divisor, kernel.sigma]).to.deep.equal([undefined, undefined]);
    expect(() => kernel.begin([], bounds)).to.throw(RangeError);
    expect(() => kernel.begin([6n, 7n, 8n, 9n, 10n], bounds)).to.throw(RangeError);
    expect(LANES).to.equal(4);
  });

  it('drops what was begun before', () => {
    const kernel = new CurveKernel(2n ** 256n + 1n);
    kernel.beginMinusOne({ b1: 20_000, b2: 100_000 });
    kernel.step();
    kernel.begin([8n], { b1: 2_000, b2: 200_000 });
    kernel.step();
    kernel.begin([8n], { b1: 2_000, b2: 200_000 });
    while (kernel.step());
    expect(kernel.sigma).to.equal(8n);
  });

  it('takes several factors apart that one curve finds', () => {
    const [p, q, r] = [1_009n, 1_013n, 10_007n];
    let apart = 0;
    for (const n of [p * q * r, p * p, p * q, 3n * 5n * 7n * 11n, 9n, 15n]) {
      const kernel = new CurveKernel(n);
      for (let sigma = 6n; sigma < 30n; sigma += 1n) {
        const divisor = kernel.curve(sigma, { b1: 2_000, b2: 200_000 });
        if (divisor === undefined) continue;
        expect(divisor > 1n && divisor < n && n % divisor === 0n, `${n}, ${sigma}`).to.equal(true);
        if (n === p * q * r) apart += 1;
      }
    }
    expect(apart).to.be.greaterThan(12);
  });

  it('finds no divisor of a prime, however smooth its group', () => {
    for (const prime of [3n, 5n, 7n, 101n, 10_007n, 1_000_000_007n]) {
      const kernel = new CurveKernel(prime);
      for (let sigma = 6n; sigma < 14n; sigma += 1n) {
        expect(kernel.curve(sigma, { b1: 1_000, b2: 100_000 }), `${prime}, ${sigma}`).to.equal(undefined);
      }
      expect(kernel.pMinusOne({ b1: 1_000, b2: 100_000 })).to.equal(undefined);
    }
  });

  it('shows the divisor that keeps a curve from being made', () => {
    // The curve is made with an inverse of 4 sigma.
    const n = 1_019n * BIG;
    const kernel = new CurveKernel(n);
    kernel.begin([7n, 1_019n, 8n], { b1: 200, b2: 0 });
    expect(kernel.step()).to.equal(false);
    expect([kernel.divisor, kernel.sigma]).to.deep.equal([1_019n, 1_019n]);
    // And where it divides by all of n, the other curves go on.
    const other = 10_007n * 1_000_003n;
    const found = Array.from({ length: 20 }, (_, place) => {
      const lonely = new CurveKernel(other);
      lonely.begin([other, BigInt(6 + place)], { b1: 1_000, b2: 20_000 });
      while (lonely.step());
      return lonely.sigma;
    });
    expect(found.filter((sigma) => sigma !== undefined).length).to.be.greaterThan(10);
    expect(found).to.not.include(other);
  });

  it('takes odd numbers of up to 1,244 bits', () => {
    expect([3n, 2n ** 1_244n - 1n].map((n) => CurveKernel.fits(n))).to.deep.equal([true, true]);
    expect([0n, 1n, 2n, 10n, 2n ** 1_244n + 1n].some((n) => CurveKernel.fits(n))).to.equal(false);
  });
});

describe('p - 1 in the kernel', () => {
  it('finds what p - 1 in BigInt finds', () => {
    const random = new Random(3);
    let found = 0;
    for (let round = 0; round < 60; round += 1) {
      const p = nextPrime(BigInt(random.int(1e6, 1e9)));
      const n = p * BIG;
      const divisor = pMinusOne(n, 300, 10_000);
      if (divisor === undefined) continue;
      found += 1;
      expect(new CurveKernel(n).pMinusOne({ b1: 300, b2: 10_000 }), `${p}`).to.equal(divisor);
    }
    expect(found).to.be.greaterThan(5);
  });

  it('finds the factor of the documentation of GMP-ECM', () => {
    const p = 67_872_792_749_091_946_529n;
    const n = p * BIG;
    expect(new CurveKernel(n).pMinusOne({ b1: 8_467, b2: 11_004_397 })).to.equal(p);
    expect(new CurveKernel(n).pMinusOne({ b1: 8_460, b2: 11_004_397 })).to.equal(undefined);
    expect(new CurveKernel(n).pMinusOne({ b1: 8_467, b2: 11_000_000 })).to.equal(undefined);
  });

  it('finds by p + 1 too, seven times in eight', () => {
    let primes = 0;
    let found = 0;
    for (let p = nextPrime(10n ** 8n); primes < 40; p = nextPrime(p)) {
      const isSmooth = (n: bigint) => smoothPart(n, 200n) * 2_000n >= n;
      if (!isSmooth(p + 1n) || isSmooth(p - 1n)) continue;
      primes += 1;
      if (new CurveKernel(p * BIG).pMinusOne({ b1: 200, b2: 2_000 }) === p) found += 1;
    }
    expect(found).to.be.within(29, 40);
  });
});

/** The product of the prime powers up to a limit in a number. */
function smoothPart(n: bigint, limit: bigint): bigint {
  let part = 1n;
  for (let prime = 2n; prime <= limit; prime += 1n) {
    if (!isPrimeBigInt(prime)) continue;
    let power = 1n;
    while (power * prime <= limit) power *= prime;
    part *= gcd(n, power);
  }
  return part;
}
