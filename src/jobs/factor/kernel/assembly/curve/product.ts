// One Montgomery product in all lanes.

import { HALF, HALVES, HIGH, INVERSE, LIMB, LOW, MODULUS, RIGHT, SUM } from './layout';
import { carry, dot, limbs, quotient, ROWS, straddle, sum, swap, width } from './rows';

/** dst = left * right / R modulo n. The three may be the same. */
export function product(dst: usize, left: usize, right: usize): void {
  const size = width;
  const top = size * 2 - 32;
  const zero = v128.splat<i32>(0);
  let before = zero;
  let to: usize = 0;
  for (let at: usize = 0; at < size; at += 16) {
    const pair = v128.load(right + at);
    v128.store(to, straddle(pair, before), RIGHT);
    v128.store(to, swap(pair), RIGHT + 16);
    v128.store(to, zero, SUM);
    v128.store(to, zero, SUM + 16);
    before = pair;
    to += 32;
  }
  v128.store(to, straddle(zero, before), RIGHT);

  const inverse = v128.load(INVERSE);
  const half = v128.load(HALF);
  const low = v128.load(LOW);
  const high = v128.load(HIGH);
  let carryAt = left + ROWS * 16;
  for (let at = left, end = left + size; at < end; at += 16) {
    if (at == carryAt) {
      carry(SUM);
      carryAt += ROWS * 16;
    }
    const a = v128.load(at);
    const t0 = sum(v128.load(SUM), dot(a, v128.load(RIGHT)));
    const t1 = sum(v128.load(SUM + 16), dot(a, v128.load(RIGHT + 16)));
    const q = quotient(t0, t1, inverse, half, low, high);
    const u0 = sum(t0, dot(q, v128.load(MODULUS)));
    const u1 = sum(sum(t1, dot(q, v128.load(MODULUS + 16))), v128.shr<i32>(u0, LIMB));
    const t2 = sum(v128.load(SUM + 32), v128.shr<i32>(u1, LIMB));
    v128.store(SUM, sum(t2, sum(dot(a, v128.load(RIGHT + 32)), dot(q, v128.load(MODULUS + 32)))));
    for (let k: usize = 16; k < top - 32; k += 32) {
      const c0 = sum(dot(a, v128.load(k, RIGHT + 32)), dot(q, v128.load(k, MODULUS + 32)));
      v128.store(k, sum(v128.load(k, SUM + 32), c0), SUM);
      const c1 = sum(dot(a, v128.load(k, RIGHT + 48)), dot(q, v128.load(k, MODULUS + 48)));
      v128.store(k, sum(v128.load(k, SUM + 48), c1), SUM + 16);
    }
    v128.store(top, sum(dot(a, v128.load(top, RIGHT + 16)), dot(q, v128.load(top, MODULUS + 16))), SUM - 16);
    v128.store(top, sum(dot(a, v128.load(top, RIGHT + 32)), dot(q, v128.load(top, MODULUS + 32))), SUM);
  }
  pack(dst, half, low);
}

/** Makes limbs of the columns, with 2^12 added while the carries run and taken off at the end. */
// @ts-ignore: decorator
@inline
function pack(dst: usize, half: v128, low: v128): void {
  const halves = v128.load(HALVES);
  let over = half;
  let from: usize = 0;
  for (let at = dst, end = dst + width; at < end; at += 16) {
    const c0 = sum(v128.load(from, SUM), over);
    const c1 = sum(sum(v128.load(from, SUM + 16), half), v128.shr<i32>(c0, LIMB));
    over = sum(v128.shr<i32>(c1, LIMB), half);
    v128.store(at, limbs(c0, c1, low, halves));
    from += 32;
  }
}
