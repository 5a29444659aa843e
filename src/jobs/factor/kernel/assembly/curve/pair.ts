// Two Montgomery products or squares at once, in all lanes: what one row has to wait for before its columns, the other
// one fills.
//
// Measured for 266 bits, in nanoseconds a product and lane (Intel Xeon, 3.5 GHz, V8 11.3): 44 for the one product of
// ./product; 42 when its rows take four limbs; 37 for two products at once; 36.5 when these are unrolled for their size
// by a generator, which was not worth it; 31 to 34 for squares. The products of GMP-ECM come to 52, and scalar limbs of
// 28 bits took 74 (on a Zen 3, where GMP's own took 56). The vector units are busy nearly all the time: each dot product
// needs one of two of them, and each sum one of three.

import { HALF, HALVES, HIGH, INVERSE, LIMB, LOW, MODULUS, RIGHT, RIGHT2, SUM, SUM2 } from './layout';
import { carry, dot, limbs, quotient, ROWS, straddle, sum, swap, width } from './rows';

/**
 * Two products at once, dst = left * right and dst2 = left2 * right2. All may be the same but dst
 * and dst2.
 */
export function products(dst: usize, left: usize, right: usize, dst2: usize, left2: usize, right2: usize): void {
  const size = width;
  const inverse = v128.load(INVERSE);
  const half = v128.load(HALF);
  const low = v128.load(LOW);
  const high = v128.load(HIGH);
  spread(right, right2);

  let carryAt: usize = ROWS * 16;
  for (let at: usize = 0; at < size; at += 16) {
    if (at == carryAt) {
      carry(SUM);
      carry(SUM2);
      carryAt += ROWS * 16;
    }
    const a = v128.load(left + at);
    const b = v128.load(left2 + at);
    const t0 = sum(v128.load(SUM), dot(a, v128.load(RIGHT)));
    const s0 = sum(v128.load(SUM2), dot(b, v128.load(RIGHT2)));
    const t1 = sum(v128.load(SUM + 16), dot(a, v128.load(RIGHT + 16)));
    const s1 = sum(v128.load(SUM2 + 16), dot(b, v128.load(RIGHT2 + 16)));
    const q = quotient(t0, t1, inverse, half, low, high);
    const r = quotient(s0, s1, inverse, half, low, high);
    carryUp(t0, t1, q, s0, s1, r);
    column(0, a, b, q, r);
    columns(16, size * 2 - 16, a, b, q, r);
  }
  packBoth(dst, dst2, half, low);
}

/**
 * Two squares at once, dst = a^2 and dst2 = b^2. A row leaves out the products that rows before it have made, and
 * doubles the others: a quarter of all work less.
 */
export function squares(dst: usize, a: usize, dst2: usize, b: usize): void {
  const size = width;
  const inverse = v128.load(INVERSE);
  const half = v128.load(HALF);
  const low = v128.load(LOW);
  const high = v128.load(HIGH);
  spread(a, b);

  let t0 = dot(v128.load(a), v128.load(RIGHT));
  let s0 = dot(v128.load(b), v128.load(RIGHT2));
  let t1 = dot(v128.load(a), v128.load(RIGHT + 16));
  let s1 = dot(v128.load(b), v128.load(RIGHT2 + 16));
  // Doubled products fill the columns twice as fast; up to 24 limbs there are not enough of them to overflow.
  let carryAt: usize = size > ROWS * 16 ? (ROWS / 2) * 16 : usize.MAX_VALUE;
  for (let at: usize = 0; at < size; at += 16) {
    if (at == carryAt) {
      carry(SUM);
      carry(SUM2);
      carryAt += (ROWS / 2) * 16;
      t0 = v128.load(SUM);
      s0 = v128.load(SUM2);
      t1 = v128.load(SUM + 16);
      s1 = v128.load(SUM2 + 16);
    }
    const q = quotient(t0, t1, inverse, half, low, high);
    const r = quotient(s0, s1, inverse, half, low, high);
    carryUp(t0, t1, q, s0, s1, r);

    const x = v128.load(a + at);
    const y = v128.load(b + at);
    const lowX = v128.andnot(x, high);
    const lowY = v128.andnot(y, high);
    // Row i has done columns 0 and 1; the place of a column is that of column 2, and so on.
    let k: usize = 0;
    if (at > 0) {
      // Up to column 2i - 1 rows before this one have made all products.
      const own = at * 2 - 32;
      for (; k + 32 < own; k += 64) {
        quotientColumns(k, q, r);
        quotientColumns(k + 32, q, r);
      }
      if (k < own) quotientColumns(k, q, r);
      // Column 2i has the square of limb 2i, and column 2i + 1 its product with limb 2i + 1, which comes twice by
      // itself.
      column(own, lowX, lowY, q, r);
      column(own + 16, x, y, q, r);
      k = own + 32;
    }
    // Column 2i + 2 has the square of limb 2i + 1 beside a product that counts twice.
    column(k, v128.add<i16>(x, lowX), v128.add<i16>(y, lowY), q, r);
    columns(k + 16, size * 2 - 16, v128.add<i16>(x, x), v128.add<i16>(y, y), q, r);
    t0 = v128.load(SUM);
    s0 = v128.load(SUM2);
    t1 = v128.load(SUM + 16);
    s1 = v128.load(SUM2 + 16);
  }
  packBoth(dst, dst2, half, low);
}

/** Adds to column 2 what the two columns below it have come to. */
// @ts-ignore: decorator
@inline
function carryUp(t0: v128, t1: v128, q: v128, s0: v128, s1: v128, r: v128): void {
  const n0 = v128.load(MODULUS);
  const n1 = v128.load(MODULUS + 16);
  const u0 = sum(t0, dot(q, n0));
  const v0 = sum(s0, dot(r, n0));
  const u1 = sum(sum(t1, dot(q, n1)), v128.shr<i32>(u0, LIMB));
  const v1 = sum(sum(s1, dot(r, n1)), v128.shr<i32>(v0, LIMB));
  v128.store(SUM + 32, sum(v128.load(SUM + 32), v128.shr<i32>(u1, LIMB)));
  v128.store(SUM2 + 32, sum(v128.load(SUM2 + 32), v128.shr<i32>(v1, LIMB)));
}

/** All columns from a place up to another one, four at a time: an even number of them. */
// @ts-ignore: decorator
@inline
function columns(k: usize, end: usize, a: v128, b: v128, q: v128, r: v128): void {
  for (; k + 32 < end; k += 64) {
    const n0 = v128.load(k, MODULUS + 32);
    v128.store(k, sum(v128.load(k, SUM + 32), sum(dot(a, v128.load(k, RIGHT + 32)), dot(q, n0))), SUM);
    v128.store(k, sum(v128.load(k, SUM2 + 32), sum(dot(b, v128.load(k, RIGHT2 + 32)), dot(r, n0))), SUM2);
    const n1 = v128.load(k, MODULUS + 48);
    v128.store(k, sum(v128.load(k, SUM + 48), sum(dot(a, v128.load(k, RIGHT + 48)), dot(q, n1))), SUM + 16);
    v128.store(k, sum(v128.load(k, SUM2 + 48), sum(dot(b, v128.load(k, RIGHT2 + 48)), dot(r, n1))), SUM2 + 16);
    const n2 = v128.load(k, MODULUS + 64);
    v128.store(k, sum(v128.load(k, SUM + 64), sum(dot(a, v128.load(k, RIGHT + 64)), dot(q, n2))), SUM + 32);
    v128.store(k, sum(v128.load(k, SUM2 + 64), sum(dot(b, v128.load(k, RIGHT2 + 64)), dot(r, n2))), SUM2 + 32);
    const n3 = v128.load(k, MODULUS + 80);
    v128.store(k, sum(v128.load(k, SUM + 80), sum(dot(a, v128.load(k, RIGHT + 80)), dot(q, n3))), SUM + 48);
    v128.store(k, sum(v128.load(k, SUM2 + 80), sum(dot(b, v128.load(k, RIGHT2 + 80)), dot(r, n3))), SUM2 + 48);
  }
  if (k < end) {
    const n0 = v128.load(k, MODULUS + 32);
    v128.store(k, sum(v128.load(k, SUM + 32), sum(dot(a, v128.load(k, RIGHT + 32)), dot(q, n0))), SUM);
    v128.store(k, sum(v128.load(k, SUM2 + 32), sum(dot(b, v128.load(k, RIGHT2 + 32)), dot(r, n0))), SUM2);
    const n1 = v128.load(k, MODULUS + 48);
    v128.store(k, sum(v128.load(k, SUM + 48), sum(dot(a, v128.load(k, RIGHT + 48)), dot(q, n1))), SUM + 16);
    v128.store(k, sum(v128.load(k, SUM2 + 48), sum(dot(b, v128.load(k, RIGHT2 + 48)), dot(r, n1))), SUM2 + 16);
  }
}

/** Shifts a column down by two, with the products of a row in it. */
// @ts-ignore: decorator
@inline
function column(k: usize, a: v128, b: v128, q: v128, r: v128): void {
  const n = v128.load(k, MODULUS + 32);
  v128.store(k, sum(v128.load(k, SUM + 32), sum(dot(a, v128.load(k, RIGHT + 32)), dot(q, n))), SUM);
  v128.store(k, sum(v128.load(k, SUM2 + 32), sum(dot(b, v128.load(k, RIGHT2 + 32)), dot(r, n))), SUM2);
}

/** The same for two columns in which a row has no products of the factors. */
// @ts-ignore: decorator
@inline
function quotientColumns(k: usize, q: v128, r: v128): void {
  const n0 = v128.load(k, MODULUS + 32);
  v128.store(k, sum(v128.load(k, SUM + 32), dot(q, n0)), SUM);
  v128.store(k, sum(v128.load(k, SUM2 + 32), dot(r, n0)), SUM2);
  const n1 = v128.load(k, MODULUS + 48);
  v128.store(k, sum(v128.load(k, SUM + 48), dot(q, n1)), SUM + 16);
  v128.store(k, sum(v128.load(k, SUM2 + 48), dot(r, n1)), SUM2 + 16);
}

/** Makes columns of two right factors, and empties the sums. */
// @ts-ignore: decorator
@inline
function spread(right: usize, right2: usize): void {
  const zero = v128.splat<i32>(0);
  let before = zero;
  let before2 = zero;
  let to: usize = 0;
  for (let at: usize = 0; at < width; at += 16) {
    const pair = v128.load(right + at);
    const pair2 = v128.load(right2 + at);
    v128.store(to, straddle(pair, before), RIGHT);
    v128.store(to, swap(pair), RIGHT + 16);
    v128.store(to, straddle(pair2, before2), RIGHT2);
    v128.store(to, swap(pair2), RIGHT2 + 16);
    v128.store(to, zero, SUM);
    v128.store(to, zero, SUM + 16);
    v128.store(to, zero, SUM2);
    v128.store(to, zero, SUM2 + 16);
    before = pair;
    before2 = pair2;
    to += 32;
  }
  v128.store(to, straddle(zero, before), RIGHT);
  v128.store(to, straddle(zero, before2), RIGHT2);
  v128.store(to, zero, SUM);
  v128.store(to, zero, SUM2);
}

// @ts-ignore: decorator
@inline
function packBoth(dst: usize, dst2: usize, half: v128, low: v128): void {
  const halves = v128.load(HALVES);
  let over = half;
  let over2 = half;
  let from: usize = 0;
  for (let at: usize = 0; at < width; at += 16) {
    const c0 = sum(v128.load(from, SUM), over);
    const d0 = sum(v128.load(from, SUM2), over2);
    const c1 = sum(sum(v128.load(from, SUM + 16), half), v128.shr<i32>(c0, LIMB));
    const d1 = sum(sum(v128.load(from, SUM2 + 16), half), v128.shr<i32>(d0, LIMB));
    over = sum(v128.shr<i32>(c1, LIMB), half);
    over2 = sum(v128.shr<i32>(d1, LIMB), half);
    v128.store(dst + at, limbs(c0, c1, low, halves));
    v128.store(dst2 + at, limbs(d0, d1, low, halves));
    from += 32;
  }
}
