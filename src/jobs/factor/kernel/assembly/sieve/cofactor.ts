// Splitting what is left of a value, an odd number below 2^63 without small factors, into two primes.

import { ECM_BITS, splitByCurves } from './ecm';
import { gcd, inverseOfOdd64 } from './modular';

/** Modulus of the Montgomery products below, and its inverse modulo 2^64. */
let n: u64 = 0;
let inverse: u64 = 0;

// @ts-ignore: decorator
@inline
function highProduct(a: u64, b: u64): u64 {
  const mask: u64 = 0xffffffff;
  const middle = ((a & mask) * (b & mask) >> 32) + (a >> 32) * (b & mask);
  const other = (middle & mask) + (a & mask) * (b >> 32);
  return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
}

/** a b / 2^64 modulo n. */
// @ts-ignore: decorator
@inline
function product(a: u64, b: u64): u64 {
  const high = highProduct(a, b);
  const reduced = highProduct(a * b * inverse, n);
  return high - reduced + (high < reduced ? n : 0);
}

/** A prime factor of a product of two primes; 0 for a prime, or when none was found. */
export function splitCofactor(cofactor: u64): u64 {
  n = cofactor;
  inverse = inverseOfOdd64(n);
  if (isProbablePrime()) return 0;
  if (cofactor >> ECM_BITS == 0) {
    const factor = splitByCurves(cofactor);
    if (factor > 0) return factor;
  }
  return brent();
}

/** 2^64 modulo n. */
function montgomeryOne(): u64 {
  return (0 - n) % n;
}

/** Whether 2^(n - 1) = 1 modulo n. */
function isProbablePrime(): bool {
  const one = montgomeryOne();
  let x = one;
  const exponent = n - 1;
  for (let bit = 63 - clz(exponent); <i64>bit >= 0; bit--) {
    x = product(x, x);
    if ((exponent >> bit) & 1) {
      x <<= 1;
      if (x >= n) x -= n;
    }
  }
  return x == one;
}

/** Pollard's rho as Brent has it, with one gcd for many steps. */
function brent(): u64 {
  const one = montgomeryOne();
  let y = one + one;
  if (y >= n) y -= n;
  for (let length = 1; length < 1 << 18; length *= 2) {
    const x = y;
    for (let i = 0; i < length; i++) y = product(y, y) + one;
    for (let done = 0; done < length; done += 64) {
      const saved = y;
      let q = one;
      const turns = min(64, length - done);
      for (let i = 0; i < turns; i++) {
        y = product(y, y) + one;
        if (y >= n) y -= n;
        q = product(q, x > y ? x - y : y - x);
      }
      let divisor = gcd(q, n);
      if (divisor == 1) continue;
      if (divisor < n) return divisor;
      y = saved;
      for (let i = 0; i < turns; i++) {
        y = product(y, y) + one;
        if (y >= n) y -= n;
        divisor = gcd(x > y ? x - y : y - x, n);
        if (divisor > 1) return divisor < n ? divisor : 0;
      }
    }
  }
  return 0;
}
