import { expect } from 'chai';

import { gcd, inverse, powerModulo } from '#dsage/code/prelude/arithmetic.js';
import { ecmCurve, multiply, suyama } from '#dsage/jobs/factor/ecm.js';
import { primesUpTo } from '#dsage/jobs/factor/primes.js';

/** The order of the group of a sigma modulo a small prime, by counting its points one by one. */
function countPoints(p: bigint, sigma: bigint): bigint | undefined {
  const made = suyama(p, sigma);
  if ('divisor' in made) return undefined;
  const { curve, point } = made;
  const z = inverse(point.z, p);
  if ('divisor' in z) return undefined;
  const a = (4n * curve.a24 - 2n) % p;
  const side = (x: bigint) => (((x * x * x + a * x * x + x) % p) + p) % p;
  // The curve on which the point has y = 1.
  const b = side(point.x * z.value);
  const isSquare = (y: bigint) => (y === 0n ? 1n : powerModulo(y, (p - 1n) / 2n, p) === 1n ? 2n : 0n);
  if (b === 0n) return undefined;
  let count = 1n;
  for (let x = 0n; x < p; x += 1n) count += isSquare((side(x) * b) % p);
  return count;
}

describe('elliptic curves', () => {
  it('have groups whose orders are multiples of 12, and end every point', () => {
    let counted = 0;
    for (const p of [101n, 211n, 499n, 503n, 1_009n]) {
      for (let sigma = 6n; sigma < 26n; sigma += 1n) {
        const order = countPoints(p, sigma);
        const made = suyama(p, sigma);
        if (order === undefined || 'divisor' in made) continue;
        counted += 1;
        expect(order % 12n, `order for ${p}, ${sigma}`).to.equal(0n);
        const { curve, point } = made;
        expect(multiply(curve, point, Number(order)).z % p, `${p}, ${sigma}`).to.equal(0n);
        // And by no multiple that shares nothing with it.
        const other = [5, 7, 11, 13].find((prime) => order % BigInt(prime) !== 0n) ?? 1;
        expect(multiply(curve, point, other).z % p).to.not.equal(0n);
      }
    }
    expect(counted).to.be.greaterThan(80);
  });

  it('find p exactly when the order of the point is smooth', () => {
    // A prime beside one that no bound here can reach.
    const big = 10n ** 40n + 121n;
    let found = 0;
    for (const p of [100_003n, 100_019n, 100_043n]) {
      for (let sigma = 6n; sigma < 12n; sigma += 1n) {
        const order = countPoints(p, sigma);
        if (order === undefined) continue;
        const isFound = (b1: number, b2: number) => ecmCurve(p * big, sigma, { b1, b2 }) === p;
        const largest = largestPrimePowers(order);
        if (largest.power <= 150) expect(isFound(150, 0), `${p}, ${sigma}, stage 1`).to.equal(true);
        if (largest.rest <= 150 && largest.prime <= 20_000) {
          expect(isFound(150, 20_000), `${p}, ${sigma}, stage 2`).to.equal(true);
          found += 1;
        }
      }
    }
    expect(found).to.be.greaterThan(5);
  });

  it('find the factor of F8 with the curve of sigma 8', () => {
    const n = 2n ** 256n + 1n;
    const p = 1_238_926_361_552_897n;
    expect(ecmCurve(n, 8n, { b1: 2_000, b2: 200_000 })).to.equal(p);
    expect(ecmCurve(n, 8n, { b1: 2_000, b2: 0 })).to.equal(undefined);
    expect(ecmCurve(n, 7n, { b1: 2_000, b2: 200_000 })).to.equal(undefined);
    // The order, found without stage 2: all powers up to 2000 and one prime more.
    const made = suyama(p, 8n);
    if ('divisor' in made) throw new Error('no curve');
    const { curve } = made;
    let { point } = made;
    for (const prime of primesUpTo(2_000)) {
      for (let power = prime; power <= 2_000; power *= prime) point = multiply(curve, point, prime);
    }
    expect(gcd(point.z, p)).to.equal(1n);
    const last = primesUpTo(200_000).filter((prime) => multiply(curve, point, prime).z % p === 0n);
    expect(last).to.have.lengthOf(1);
    expect(last[0]).to.be.greaterThan(2_000);
  });

  it('come apart when all factors are found at once, or find nothing', () => {
    const n = 1_009n * 1_013n * 10_007n;
    let proper = 0;
    for (let sigma = 6n; sigma < 30n; sigma += 1n) {
      const divisor = ecmCurve(n, sigma, { b1: 2_000, b2: 200_000 });
      if (divisor === undefined) continue;
      proper += 1;
      expect(divisor > 1n && divisor < n && n % divisor === 0n).to.equal(true);
    }
    expect(proper).to.be.greaterThan(12);
  });
});

/** The largest prime power in a number, its largest prime, and the largest prime power of what is left without it. */
function largestPrimePowers(n: bigint): { power: number; prime: number; rest: number } {
  const powers: [number, number][] = [];
  let left = Number(n);
  for (let prime = 2; left > 1; prime += 1) {
    let power = 1;
    for (; left % prime === 0; left /= prime) power *= prime;
    if (power > 1) powers.push([prime, power]);
  }
  const [prime, power] = powers.at(-1) ?? [1, 1];
  const others = [...powers.slice(0, -1).map(([, other]) => other), power / prime];
  return { power: Math.max(power, ...others), prime, rest: Math.max(...others) };
}
