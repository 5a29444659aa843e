// Elliptic curves for numbers of one word: the product of two primes of 20 to 25 bits falls to a few tiny curves, much
// faster than to rho. Curves of Montgomery's form by Suyama's parameter, with giant steps of 60 in stage 2.

import { gcd } from './modular';

/** The modulus, odd and below 2^50, and its reciprocal. */
let n: i64 = 0;
let reciprocal: f64 = 0;

/** Numbers of this many bits are small enough for the products below. */
export const ECM_BITS: i32 = 50;

/** The least common multiple of 1, ..., 70, in two words: what stage 1 multiplies by. */
const MULTIPLE_TOP: u64 = 0xfff2884e;
const MULTIPLE_LOW: u64 = 0x1397313633af80c0;
const MULTIPLE_TOP_BITS: i64 = 32;
/** Stage 2 takes primes up to 60 GIANTS + 29. */
const GIANTS: i32 = 26;
const CURVES: i32 = 40;

/** 1.5 * 2^52: adding it rounds a number below 2^51 to the nearest whole one, which its low bits then are. */
const ROUND: f64 = 6755399441055744;

/** a b modulo n, for a and b in [0, n): the quotient is guessed in floating point, and wrong by one at most. */
// @ts-ignore: decorator
@inline
function product(a: i64, b: i64): i64 {
  const guess = <f64>a * <f64>b * reciprocal + ROUND;
  const quotient = reinterpret<i64>(guess) - reinterpret<i64>(ROUND);
  const rest = a * b - quotient * n;
  return rest + (n & (rest >> 63));
}

// @ts-ignore: decorator
@inline
function sum(a: i64, b: i64): i64 {
  const rest = a + b - n;
  return rest + (n & (rest >> 63));
}

// @ts-ignore: decorator
@inline
function difference(a: i64, b: i64): i64 {
  const rest = a - b;
  return rest + (n & (rest >> 63));
}

/** (A + 2) / 4 of the curve. */
let a24: i64 = 0;

/** Points as X and Z, 16 bytes each: multiples of the point of stage 2 by place. */
const points: usize = memory.data(16 * 64, 16);

// @ts-ignore: decorator
@inline
function at(place: i32): usize {
  return points + (<usize>place << 4);
}

function double(to: usize, from: usize): void {
  const x = load<i64>(from);
  const z = load<i64>(from, 8);
  const plus = sum(x, z);
  const minus = difference(x, z);
  const s = product(plus, plus);
  const d = product(minus, minus);
  const t = difference(s, d);
  store<i64>(to, product(s, d));
  store<i64>(to, product(t, sum(d, product(a24, t))), 8);
}

/** to = one + other, with apart = one - other. */
function add(to: usize, one: usize, other: usize, apart: usize): void {
  const x1 = load<i64>(one);
  const z1 = load<i64>(one, 8);
  const x2 = load<i64>(other);
  const z2 = load<i64>(other, 8);
  const u = product(difference(x1, z1), sum(x2, z2));
  const v = product(sum(x1, z1), difference(x2, z2));
  const plus = sum(u, v);
  const minus = difference(u, v);
  const z = load<i64>(apart);
  store<i64>(to, product(load<i64>(apart, 8), product(plus, plus)));
  store<i64>(to, product(z, product(minus, minus)), 8);
}

/** A factor of a composite below 2^ECM_BITS; 0 when some dozens of curves find none. */
export function splitByCurves(modulus: u64): u64 {
  n = <i64>modulus;
  reciprocal = 1.0 / <f64>n;
  for (let sigma = 6; sigma < 6 + CURVES; sigma++) {
    const divisor = runCurve(sigma);
    if (divisor > 1 && divisor < modulus) return divisor;
  }
  return 0;
}

function runCurve(sigma: i64): u64 {
  const u = sigma * sigma - 5;
  const v = 4 * sigma;
  const u3 = product(product(u, u), u);
  const v2 = product(v, v);
  const v3 = product(v2, v);
  const denominator = product(16, product(u3, v3));
  const inverted = inverse(denominator);
  if (inverted == 0) return gcd(denominator, n);
  const w = difference(v, u);
  const w3 = product(product(w, w), w);
  a24 = product(product(product(w3, 3 * u + v), v2), inverted);
  const x = product(product(16, product(u3, u3)), inverted);
  stageOne(x);
  const result = stageTwo();
  const divisor = gcd(result, n);
  // Both factors at once: stage 1 alone may have had one.
  return divisor < <u64>n ? divisor : gcd(load<i64>(at(1), 8), n);
}

/** Montgomery's ladder from the point x : 1, to point 1. */
function stageOne(x: i64): void {
  let x1 = x;
  let z1: i64 = 1;
  const plus = sum(x, 1);
  const minus = difference(x, 1);
  const s = product(plus, plus);
  const d = product(minus, minus);
  const t = difference(s, d);
  let x2 = product(s, d);
  let z2 = product(t, sum(d, product(a24, t)));
  for (let word = 0; word < 2; word++) {
    const bits = word == 0 ? MULTIPLE_TOP : MULTIPLE_LOW;
    for (let bit: i64 = word == 0 ? MULTIPLE_TOP_BITS - 2 : 63; bit >= 0; bit--) {
      // The pair is (m, m + 1); a bit of 1 makes it (2 m + 1, 2 m + 2), of 0 (2 m, 2 m + 1): one swap around a step.
      const swap = -(<i64>((bits >> bit) & 1));
      const dx = (x1 ^ x2) & swap;
      const dz = (z1 ^ z2) & swap;
      x1 ^= dx;
      x2 ^= dx;
      z1 ^= dz;
      z2 ^= dz;
      const p1 = sum(x1, z1);
      const m1 = difference(x1, z1);
      const p2 = sum(x2, z2);
      const m2 = difference(x2, z2);
      const a = product(m1, p2);
      const b = product(p1, m2);
      const ss = product(p1, p1);
      const dd = product(m1, m1);
      const tt = difference(ss, dd);
      const ab = sum(a, b);
      const ba = difference(a, b);
      x2 = product(ab, ab);
      z2 = product(x, product(ba, ba));
      x1 = product(ss, dd);
      z1 = product(tt, sum(dd, product(a24, tt)));
      const ex = (x1 ^ x2) & swap;
      const ez = (z1 ^ z2) & swap;
      x1 ^= ex;
      x2 ^= ex;
      z1 ^= ez;
      z2 ^= ez;
    }
  }
  store<i64>(at(1), x1);
  store<i64>(at(1), z1, 8);
}

/**
 * Primes 60 i +- j with j < 30 prime to 60: the point of order such a prime has 60 i Q = +- j Q, hence X Z' - X' Z = 0.
 * Returns the product of all these and of Z.
 */
function stageTwo(): i64 {
  double(at(2), at(1));
  add(at(3), at(2), at(1), at(1));
  add(at(5), at(3), at(2), at(1));
  double(at(6), at(3));
  add(at(7), at(6), at(1), at(5));
  add(at(11), at(6), at(5), at(1));
  add(at(13), at(7), at(6), at(1));
  add(at(17), at(11), at(6), at(5));
  add(at(19), at(13), at(6), at(7));
  add(at(23), at(17), at(6), at(11));
  add(at(25), at(19), at(6), at(13));
  add(at(29), at(23), at(6), at(17));
  add(at(31), at(25), at(6), at(19));
  add(at(40), at(31), at(29), at(2));
  double(at(41), at(40));
  let result = load<i64>(at(1), 8);
  const t1 = load<i64>(at(1));
  const crosses1 = product(t1, load<i64>(at(1), 8));
  const crosses7 = cross(7);
  const crosses11 = cross(11);
  const crosses13 = cross(13);
  const crosses17 = cross(17);
  const crosses19 = cross(19);
  const crosses23 = cross(23);
  const crosses29 = cross(29);
  let before = 40;
  let giant = 41;
  for (let i = 2; i <= GIANTS; i++) {
    const x = load<i64>(at(giant));
    const z = load<i64>(at(giant), 8);
    const xz = product(x, z);
    result = product(result, meet(x, z, xz, 1, crosses1));
    result = product(result, meet(x, z, xz, 7, crosses7));
    result = product(result, meet(x, z, xz, 11, crosses11));
    result = product(result, meet(x, z, xz, 13, crosses13));
    result = product(result, meet(x, z, xz, 17, crosses17));
    result = product(result, meet(x, z, xz, 19, crosses19));
    result = product(result, meet(x, z, xz, 23, crosses23));
    result = product(result, meet(x, z, xz, 29, crosses29));
    // The next takes the place of the one before.
    const next = i == 2 ? 42 : before;
    add(at(next), at(giant), at(40), at(before));
    before = giant;
    giant = next;
  }
  return result;
}

// @ts-ignore: decorator
@inline
function cross(place: i32): i64 {
  return product(load<i64>(at(place)), load<i64>(at(place), 8));
}

/** X Z' - X' Z = (X - X') (Z + Z') - X Z + X' Z'. */
// @ts-ignore: decorator
@inline
function meet(x: i64, z: i64, xz: i64, place: i32, crossed: i64): i64 {
  const mixed = product(difference(x, load<i64>(at(place))), sum(z, load<i64>(at(place), 8)));
  return sum(difference(mixed, xz), crossed);
}

/** 1 / a modulo n, or 0 where there is none. */
function inverse(a: i64): i64 {
  let r = n;
  let next = a;
  let t: i64 = 0;
  let nextT: i64 = 1;
  while (next != 0) {
    const quotient = r / next;
    const rest = r - quotient * next;
    r = next;
    next = rest;
    const restT = t - quotient * nextT;
    t = nextT;
    nextT = restT;
  }
  if (r != 1) return 0;
  return t < 0 ? t + n : t;
}
