// What is made once for a number (`setUp`) and once for an `a` (`prepare`).

import { multiplyAdd, remainder } from './long';
import { inverseOfOdd, inverseOfOdd64, squareRoot } from './modular';
import {
  deltas, deltaSums, factorCount, factorsOfA, firstBucket, firstSieved, form, inverses, limbs, mediumInverses,
  mediumPrimes, mediumQuotients, number, offset, offsetParts, paddedCount, primeCount, primes, quotientRoots, quotients,
  roots, squareRoots,
} from './state';

/** Fills what follows from the primes and kn: call it once both are in place. */
export function setUp(): void {
  for (let i: usize = 0; i < <usize>primeCount; i++) {
    const at = i << 2;
    const p = load<u32>(primes + at);
    store<u32>(inverses + at, inverseOfOdd(p));
    store<u32>(quotients + at, 0xffffffff / p);
    if (p == 2) continue;
    let t = squareRoot(remainder(number, 2 * <usize>limbs, p), p);
    if (form == 2) t = (t & 1 ? t + p : t) >> 1;
    store<u32>(squareRoots + at, <u32>t);
  }
  for (let i = firstSieved; i < firstBucket && i < primeCount; i++) {
    const p = load<u32>(primes + (<usize>i << 2));
    const at = <usize>(i - firstSieved) << 1;
    store<u16>(mediumPrimes + at, <u16>p);
    store<u16>(mediumInverses + at, <u16>inverseOfOdd(p));
    store<u16>(mediumQuotients + at, <u16>(0xffff / p));
  }
}

/** Tables modulo a factor q of `a`, at most 2^16: by i, -1 / i and -g / i modulo q. */
const negativeInverses: usize = memory.data(2 << 16, 16);
const negativeRatios: usize = memory.data(2 << 16, 16);

function fillTables(q: u32, g: u32): void {
  store<u16>(negativeInverses, 0);
  store<u16>(negativeRatios, 0);
  let inverse: u32 = 1;
  for (let i: u32 = 1; i < q; i++) {
    // q = (q / i) i + q % i, hence 1 / i = (q / i) * (-1 / (q % i)).
    if (i > 1) inverse = ((q / i) * load<u16>(negativeInverses + (<usize>(q % i) << 1))) % q;
    const negative = q - inverse;
    store<u16>(negativeInverses + (<usize>i << 1), <u16>negative);
    store<u16>(negativeRatios + (<usize>i << 1), <u16>((negative * g) % q));
  }
}

/**
 * The roots of the first polynomial of an `a`, and the deltas of its signs. With q a factor of `a` and B = (a / q) c
 * its part of b, what its sign changes of the roots is 2 B / (form a) = g / q modulo p, where g = 2 c / form is small:
 * (g + p t) / q with the t that makes it whole, t = -g / p modulo q. So no inverse modulo p is ever taken, and no long
 * number is reduced; square roots are divided by `a` in the same way, one factor after the other.
 *
 * `parts` are the g, u32 each.
 */
export function prepare(parts: usize): void {
  const count = <usize>primeCount;
  memory.copy(quotientRoots, squareRoots, count << 2);
  memory.fill(deltaSums, 0, count << 2);
  for (let j = 0; j < factorCount; j++) {
    const q = load<u32>(primes + (<usize>load<u32>(factorsOfA + (<usize>j << 2)) << 2));
    divideOut(q, load<u32>(parts + (<usize>j << 2)), deltas + <usize>j * (<usize>paddedCount << 2));
  }
  for (let i: usize = 0; i < count; i++) {
    const at = i << 2;
    const p = load<u32>(primes + at);
    const sum = load<u32>(deltaSums + at);
    // The first b is the sum of all parts: half of what all signs together change.
    const half = (sum & 1 ? sum + p : sum) >> 1;
    const w = load<u32>(quotientRoots + at);
    const minus = half == 0 ? 0 : p - half;
    const first = w + minus;
    const second = p - w + minus;
    const group = roots + ((i >> 2) << 5) + ((i & 3) << 2);
    store<u32>(group, first >= p ? first - p : first);
    store<u32>(group, second >= 2 * p ? second - 2 * p : second >= p ? second - p : second, 16);
  }
  memory.copy(offset, offsetParts, <usize>limbs << 2);
  for (let j = 1; j < factorCount; j++) {
    multiplyAdd(offset, offset, 1, offsetParts + <usize>j * ((<usize>limbs + 1) << 2), false);
  }
}

/** One factor q of `a`: its deltas g / q, added to their sums, and the square roots over q. */
function divideOut(q: u32, g: u32, delta: usize): void {
  fillTables(q, g);
  // floor(x / q) = x * reciprocal >> 40 for all x < 2^40 / q.
  const reciprocal: u64 = (<u64>1 << 40) / q + 1;
  const inverse = inverseOfOdd64(q);
  for (let at: usize = 0, end = <usize>primeCount << 2; at < end; at += 4) {
    const p = <u64>load<u32>(primes + at);
    const residue = <usize>(p - ((p * reciprocal) >> 40) * q) << 1;
    // Exact quotients: a product with the inverse modulo 2^64.
    let d = <u32>((g + p * load<u16>(negativeRatios + residue)) * inverse);
    if (d >= <u32>p) d -= <u32>p;
    store<u32>(delta + at, d);
    const sum = load<u32>(deltaSums + at) + d;
    store<u32>(deltaSums + at, sum >= <u32>p ? sum - <u32>p : sum);
    const w = <u64>load<u32>(quotientRoots + at);
    const rest = (w - ((w * reciprocal) >> 40) * q) * load<u16>(negativeInverses + residue);
    const t = rest - ((rest * reciprocal) >> 40) * q;
    store<u32>(quotientRoots + at, <u32>((w + p * t) * inverse));
  }
}

