// What products of numbers are made of: limbs, rows and columns.
//
// A row takes two limbs of the left factor: it adds their products with the whole right factor to the columns, then the
// multiple q n that makes the two lowest columns vanish, and shifts the columns down by two (P. L. Montgomery, Math.
// Comp. 44, 1985, with radix 2^26). Limbs are balanced (from -2^12 to 2^12), so sums and differences of two products
// may be factors as they are, without carries: a row then adds less than 2^27 + 2^25 to a column, and after ROWS rows a
// carry pass keeps the columns within 32 bits.
//
// With R = 2^(26 pairs) >= 16 n, factors below 1.18 n give a product between -0.59 n and 0.59 n.

import { HALF, LIMB } from './layout';

/** Bytes of a number: 16 for each pair of limbs. */
export let width: usize = 0;

export function setWidth(pairs: i32): void {
  width = <usize>pairs * 16;
}

/** Rows between two carry passes. */
export const ROWS: usize = 12;

// @ts-ignore: decorator
@inline
export function dot(a: v128, b: v128): v128 {
  return v128.dot<i16>(a, b);
}

// @ts-ignore: decorator
@inline
export function sum(a: v128, b: v128): v128 {
  return v128.add<i32>(a, b);
}

/** Limb k beside limb k - 1, for even k. */
// @ts-ignore: decorator
@inline
export function straddle(pair: v128, before: v128): v128 {
  return v128.shuffle<i16>(pair, before, 0, 9, 2, 11, 4, 13, 6, 15);
}

/** The same for odd k. */
// @ts-ignore: decorator
@inline
export function swap(pair: v128): v128 {
  return v128.shuffle<i16>(pair, pair, 1, 0, 3, 2, 5, 4, 7, 6);
}

/** The two limbs q of the multiple of n that cancels the two lowest columns. */
// @ts-ignore: decorator
@inline
export function quotient(t0: v128, t1: v128, inverse: v128, half: v128, low: v128, high: v128): v128 {
  const q = sum(v128.mul<i32>(sum(t0, v128.shl<i32>(t1, LIMB)), inverse), half);
  const upper = v128.and(v128.shr<i32>(v128.shl<i32>(q, 6), 3), high);
  return v128.sub<i16>(v128.or(upper, v128.and(q, low)), half);
}

// @ts-ignore: decorator
@inline
export function limbs(c0: v128, c1: v128, low: v128, halves: v128): v128 {
  return v128.sub<i16>(v128.or(v128.and(c0, low), v128.shl<i32>(v128.and(c1, low), 16)), halves);
}

/**
 * Brings the columns from `at` on back to about 18 bits, but the highest that a row has left, which is new. Each takes
 * what the one below it had too much: no column waits for another.
 */
export function carry(at: usize): void {
  const half = v128.load(HALF);
  const last = at + width * 2 - 32;
  let over = v128.splat<i32>(0);
  for (; at < last; at += 16) {
    const column = v128.load(at);
    const excess = v128.shr<i32>(sum(column, half), LIMB);
    v128.store(at, sum(v128.sub<i32>(column, v128.shl<i32>(excess, LIMB)), over));
    over = excess;
  }
  v128.store(last, sum(v128.load(last), over));
}
