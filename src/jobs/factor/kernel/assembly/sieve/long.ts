// Long numbers: `limbs` words of 32 bits from the lowest on, in two's complement, one more word behind for carries.

import { limbs } from './state';

/** to = from * factor + or - add, modulo 2^(32 limbs). */
export function multiplyAdd(to: usize, from: usize, factor: u32, add: usize, subtract: bool): void {
  let carry: u64 = 0;
  // A number is subtracted by adding its complement and 1.
  const flip: u32 = subtract ? 0xffffffff : 0;
  let carry2: u64 = subtract ? 1 : 0;
  for (let i: usize = 0; i < <usize>limbs; i++) {
    carry += <u64>load<u32>(from + (i << 2)) * factor;
    const addend: u32 = load<u32>(add + (i << 2)) ^ flip;
    carry2 += <u64>(<u32>carry) + <u64>addend;
    store<u32>(to + (i << 2), <u32>carry2);
    carry >>= 32;
    carry2 >>= 32;
  }
}

/** to = x * y modulo 2^(32 count); `to` is neither of them. */
export function multiplyLow(to: usize, x: usize, y: usize, count: usize): void {
  memory.fill(to, 0, count << 2);
  for (let i: usize = 0; i < count; i++) {
    const factor = <u64>load<u32>(x + (i << 2));
    let carry: u64 = 0;
    for (let j: usize = 0; i + j < count; j++) {
      const at = to + ((i + j) << 2);
      carry += factor * load<u32>(y + (j << 2)) + load<u32>(at);
      store<u32>(at, <u32>carry);
      carry >>= 32;
    }
  }
}

/** x -= y over `count` words. */
export function subtractFrom(x: usize, y: usize, count: usize): void {
  let borrow: i64 = 0;
  for (let i: usize = 0; i < count; i++) {
    borrow += <i64>load<u32>(x + (i << 2)) - <i64>load<u32>(y + (i << 2));
    store<u32>(x + (i << 2), <u32>borrow);
    borrow >>= 32;
  }
}

/** Whether x is negative; makes it positive if so. */
export function makeAbsolute(x: usize): bool {
  const count = <usize>limbs;
  if (load<i32>(x + ((count - 1) << 2)) >= 0) return false;
  let carry: u64 = 1;
  for (let i: usize = 0; i < count; i++) {
    const flipped: u32 = ~load<u32>(x + (i << 2));
    carry += <u64>flipped;
    store<u32>(x + (i << 2), <u32>carry);
    carry >>= 32;
  }
  return true;
}

/** Shifts x, of `count` words and with a sign in the top one, right by 0 < bits < 32. */
export function shiftRight(x: usize, count: usize, bits: u32): void {
  for (let i: usize = 0; i + 1 < count; i++) {
    store<u32>(x + (i << 2), <u32>(load<u64>(x + (i << 2)) >> bits));
  }
  const top = x + ((count - 1) << 2);
  store<u32>(top, <u32>(load<i32>(top) >> bits));
}

/** How many words of x >= 0 are needed: at least 1. */
export function significant(x: usize, most: usize): usize {
  let count = most;
  while (count > 1 && load<u32>(x + ((count - 1) << 2)) == 0) count--;
  return count;
}

/** x modulo p, for x >= 0 of `count` words. */
export function remainder(x: usize, count: usize, p: u32): u32 {
  let rest: u64 = 0;
  for (let i = count; i > 0; i--) rest = ((rest << 32) | load<u32>(x + ((i - 1) << 2))) % p;
  return <u32>rest;
}

/**
 * Whether an odd p divides x >= 0 of `count` words; then `to` is the quotient. From the lowest word on, each word of
 * the quotient is what the inverse of p modulo 2^32 says, with no division (Jebelean, "An algorithm for exact
 * division", 1993); p divides x just if nothing is left to take from the word above the last.
 */
export function divideExactly(to: usize, x: usize, count: usize, p: u32, inverse: u32): bool {
  let borrow: u64 = 0;
  for (let i: usize = 0; i < count << 2; i += 4) {
    const word = <u64>load<u32>(x + i) - borrow;
    const quotient = <u32>word * inverse;
    store<u32>(to + i, quotient);
    borrow = ((<u64>quotient * p) >> 32) + (word >> 63);
  }
  return borrow == 0;
}
