import { gcd, inverse, modulo } from '../../code/prelude/arithmetic.js';
import { primesUpTo } from './primes.js';
import { stageTwoPlan } from './stage-two-plan.js';
import type { StageTwoPlan } from './stage-two-plan.js';

/** A point of a Montgomery curve without its y: (X : Z) modulo n. */
export interface Point {
  readonly x: bigint;
  readonly z: bigint;
}

/** A curve b y^2 = x^3 + a x^2 + x modulo n, of which the arithmetic needs (a + 2) / 4 alone. */
export interface Curve {
  readonly n: bigint;
  readonly a24: bigint;
}

/**
 * One curve of Lenstra's elliptic curve method in Montgomery's form (Math. Comp. 48, 1987), with the curve and point
 * that Suyama's parameter sigma (above 5) gives: their group order is a multiple of 12. Stage 1 goes to `b1`, stage 2 to
 * `b2`. Returns a proper divisor of the odd number n, or undefined.
 */
export function ecmCurve(n: bigint, sigma: bigint, { b1, b2 }: Bounds): bigint | undefined {
  const start = suyama(n, sigma);
  if ('divisor' in start) return proper(start.divisor, n);
  const { curve, point } = start;
  const after = stageOne(curve, point, b1);
  const divisor = gcd(after.z, n);
  if (divisor === n) return carefully(curve, point, b1);
  if (divisor !== 1n) return divisor;
  return b2 > b1 ? proper(stageTwo(curve, after, stageTwoPlan(b1, b2)), n) : undefined;
}

export interface Bounds {
  readonly b1: number;
  readonly b2: number;
}

function proper(divisor: bigint, n: bigint): bigint | undefined {
  return divisor === 1n || divisor === n ? undefined : divisor;
}

/** The curve and point of a sigma; where they do not exist modulo n, the divisor that is why. */
export function suyama(
  n: bigint,
  sigma: bigint,
): { readonly curve: Curve; readonly point: Point } | { readonly divisor: bigint } {
  const u = (sigma * sigma - 5n) % n;
  const v = (4n * sigma) % n;
  const [u3, v3] = [u ** 3n % n, v ** 3n % n];
  const difference = v - u;
  const denominator = inverse(16n * u3 * v, n);
  if ('divisor' in denominator) return denominator;
  const numerator = ((difference ** 3n % n) * (3n * u + v)) % n;
  return { curve: { n, a24: modulo(numerator * denominator.value, n) }, point: { x: u3, z: v3 } };
}

function stageOne(curve: Curve, start: Point, b1: number): Point {
  let point = start;
  for (const prime of stageOnePrimes(b1)) {
    for (let power = prime; power <= b1; power *= prime) point = multiply(curve, point, prime);
  }
  return point;
}

/** All factors were found at once: with a gcd after every prime they may come apart. */
function carefully(curve: Curve, start: Point, b1: number): bigint | undefined {
  let point = start;
  for (const prime of stageOnePrimes(b1)) {
    for (let power = prime; power <= b1; power *= prime) {
      point = multiply(curve, point, prime);
      const divisor = gcd(point.z, curve.n);
      if (divisor !== 1n) return proper(divisor, curve.n);
    }
  }
  return undefined;
}

/** Montgomery's ladder. */
export function multiply(curve: Curve, point: Point, scalar: number): Point {
  if (scalar === 1) return point;
  let low = point;
  let high = double(curve, point);
  for (let bit = Math.floor(Math.log2(scalar)) - 1; bit >= 0; bit -= 1) {
    const sum = add(curve, low, high, point);
    if (Math.floor(scalar / 2 ** bit) % 2 === 1) {
      low = sum;
      high = double(curve, high);
    } else {
      high = sum;
      low = double(curve, low);
    }
  }
  return low;
}

function double({ n, a24 }: Curve, { x, z }: Point): Point {
  const plus = x + z;
  const minus = x - z;
  const square = (plus * plus) % n;
  const other = (minus * minus) % n;
  const difference = square - other;
  return { x: (square * other) % n, z: (difference * (other + ((a24 * difference) % n))) % n };
}

/** The sum of two points whose difference is known. */
function add({ n }: Curve, p: Point, q: Point, difference: Point): Point {
  const a = ((p.x - p.z) * (q.x + q.z)) % n;
  const b = ((p.x + p.z) * (q.x - q.z)) % n;
  const plus = a + b;
  const minus = a - b;
  return {
    x: (difference.z * ((plus * plus) % n)) % n,
    z: (difference.x * ((minus * minus) % n)) % n,
  };
}

/**
 * Stage 2: finds the group orders that have one prime more, up to b2. Every such prime is m D + j or m D - j with a small
 * j, and m D P = ±j P where both have the same x: one product of differences covers both (Montgomery 1987, section 10).
 * Returns the gcd of that product and n.
 */
function stageTwo(curve: Curve, point: Point, plan: StageTwoPlan): bigint {
  const { n } = curve;
  const babies = oddMultiples(curve, point, plan.babies);
  const giants = giantSteps(curve, multiply(curve, point, plan.step), plan);
  const affine = toAffine([...babies, ...giants], n);
  if ('divisor' in affine) return affine.divisor;
  const xs = affine.values;
  let product = 1n;
  let from = 0;
  for (const [place, end] of plan.ends.entries()) {
    const giant = xs[babies.length + place] ?? 0n;
    for (const baby of plan.places.subarray(from, end)) product = (product * (giant - (xs[baby] ?? 0n))) % n;
    from = end;
  }
  return gcd(product, n);
}

/** The multiples by the given odd numbers, which ascend. */
function oddMultiples(curve: Curve, point: Point, wanted: readonly number[]): Point[] {
  const two = double(curve, point);
  const found: Point[] = [];
  let [before, now] = [point, point];
  let next = 0;
  for (let odd = 1; next < wanted.length; odd += 2) {
    if (wanted[next] === odd) {
      found.push(now);
      next += 1;
    }
    [before, now] = [now, add(curve, now, two, before)];
  }
  return found;
}

function giantSteps(curve: Curve, step: Point, { firstGiant, giants }: StageTwoPlan): Point[] {
  let before = firstGiant === 1 ? undefined : multiply(curve, step, firstGiant - 1);
  let now = multiply(curve, step, firstGiant);
  return Array.from({ length: giants }, () => {
    const giant = now;
    [before, now] = [now, before === undefined ? double(curve, now) : add(curve, now, step, before)];
    return giant;
  });
}

/** All x of the points, with one inversion (Montgomery's trick); a divisor of n where one has none. */
function toAffine(
  points: readonly Point[],
  n: bigint,
): { readonly values: readonly bigint[] } | { readonly divisor: bigint } {
  const products: bigint[] = [];
  let product = 1n;
  for (const { z } of points) {
    products.push(product);
    product = (product * z) % n;
  }
  const inverted = inverse(product, n);
  if ('divisor' in inverted) return inverted;
  let rest = inverted.value;
  const values = new Array<bigint>(points.length);
  for (const [place, { x, z }] of [...points.entries()].reverse()) {
    values[place] = modulo(((x * rest) % n) * (products[place] ?? 1n), n);
    rest = (rest * z) % n;
  }
  return { values };
}

let latest: { readonly b1: number; readonly primes: readonly number[] } | undefined;

/** The primes of the bound that was asked for last are kept: the curves of one level come one after another. */
function stageOnePrimes(b1: number): readonly number[] {
  if (latest?.b1 !== b1) latest = { b1, primes: primesUpTo(b1) };
  return latest.primes;
}
