// Sieving one block: from the expected logarithm of the values there, the logarithm of every prime that divides one is
// subtracted. What falls below 0 shows by its top bit.

import {
  BLOCK, blocksASide, firstBucket, firstSieved, logs, mediumFirst, mediumPrimes, mediumSecond, primeCount,
  roots, sieve, sliceCount, sliceMarks, slices, primes,
} from './state';

/** Starts a side (0: x >= 0, 1: x < 0 at position -1 - x): where the medium primes first hit. */
export function enterSide(side: i32): void {
  for (let i = firstSieved; i < firstBucket && i < primeCount; i++) {
    const group = roots + (<usize>(i >> 2) << 5) + (<usize>(i & 3) << 2);
    const at = <usize>(i - firstSieved) << 1;
    const last = load<u32>(primes + (<usize>i << 2)) - 1;
    const first = load<u32>(group);
    const second = load<u32>(group, 16);
    store<u16>(mediumFirst + at, <u16>(side ? last - first : first));
    store<u16>(mediumSecond + at, <u16>(side ? last - second : second));
  }
}

/** What the block that is sieved was filled with. */
export let blockStart: u32 = 0;

export function sieveBlock(side: i32, block: i32, start: u32): void {
  blockStart = start;
  memory.fill(sieve, <u8>start, BLOCK);
  sieveMedium();
  sieveBuckets(side * blocksASide + block);
}

// @ts-ignore: decorator
@inline
function subtract(at: usize, log: u32): void {
  store<u8>(at, <u8>(load<u8>(at) - log));
}

/** By p in falling classes of how many multiples a block surely has; each class has its loop without surprises. */
function sieveMedium(): void {
  let i: usize = 0;
  const end = <usize>(min(firstBucket, primeCount) - firstSieved);
  i = sieveMany(i, end);
  i = sieveSome(7, i, end);
  i = sieveSome(6, i, end);
  i = sieveSome(5, i, end);
  i = sieveSome(4, i, end);
  i = sieveSome(3, i, end);
  i = sieveSome(2, i, end);
  i = sieveSome(1, i, end);
  sieveSome(0, i, end);
}

/** Primes with 8 hits or more: both roots at once, four multiples a turn. */
function sieveMany(from: usize, end: usize): usize {
  const stop = sieve + <usize>BLOCK;
  const logOf = logs + <usize>firstSieved;
  let i = from;
  for (; i < end; i++) {
    const p = <usize>load<u16>(mediumPrimes + (i << 1));
    if (p > <usize>(BLOCK / 8)) break;
    const log: u32 = load<u8>(logOf + i);
    const one = <usize>load<u16>(mediumFirst + (i << 1));
    const two = <usize>load<u16>(mediumSecond + (i << 1));
    let low = sieve + min(one, two);
    let high = sieve + max(one, two);
    const stop4 = stop - 3 * p;
    while (high < stop4) {
      subtract(low, log);
      subtract(high, log);
      subtract(low + p, log);
      subtract(high + p, log);
      subtract(low + 2 * p, log);
      subtract(high + 2 * p, log);
      subtract(low + 3 * p, log);
      subtract(high + 3 * p, log);
      low += 4 * p;
      high += 4 * p;
    }
    while (high < stop) {
      subtract(low, log);
      subtract(high, log);
      low += p;
      high += p;
    }
    if (low < stop) {
      subtract(low, log);
      low += p;
    }
    store<u16>(mediumFirst + (i << 1), <u16>(low - stop));
    store<u16>(mediumSecond + (i << 1), <u16>(high - stop));
  }
  return i;
}

/** Primes with `least` or one more hit a root, without a branch: a last one outside of the block goes behind it. */
// @ts-ignore: decorator
@inline
function sieveSome(least: usize, from: usize, end: usize): usize {
  const stop = sieve + <usize>BLOCK;
  const logOf = logs + <usize>firstSieved;
  let i = from;
  for (; i < end; i++) {
    const p = <usize>load<u16>(mediumPrimes + (i << 1));
    if (least > 0 && p > <usize>BLOCK / max(least, 1)) break;
    const log: u32 = load<u8>(logOf + i);
    const one = sieveRoot(least, sieve + <usize>load<u16>(mediumFirst + (i << 1)), p, log, stop);
    store<u16>(mediumFirst + (i << 1), <u16>one);
    const two = sieveRoot(least, sieve + <usize>load<u16>(mediumSecond + (i << 1)), p, log, stop);
    store<u16>(mediumSecond + (i << 1), <u16>two);
  }
  return i;
}

// @ts-ignore: decorator
@inline
function sieveRoot(least: usize, start: usize, p: usize, log: u32, stop: usize): usize {
  let at = start;
  if (least > 0) subtract(at, log);
  if (least > 1) subtract(at + p, log);
  if (least > 2) subtract(at + 2 * p, log);
  if (least > 3) subtract(at + 3 * p, log);
  if (least > 4) subtract(at + 4 * p, log);
  if (least > 5) subtract(at + 5 * p, log);
  if (least > 6) subtract(at + 6 * p, log);
  at += least * p;
  const behind = <i32>(at - stop);
  const inside = behind >> 31;
  subtract(stop + <usize>((behind & inside) | (behind & 63 & ~inside)), log);
  return <usize>(behind + (<i32>p & inside));
}

function sieveBuckets(bucket: i32): void {
  const row = <usize>(2 * blocksASide) << 2;
  let mark = sliceMarks + (<usize>bucket << 2);
  for (let slice = 0; slice < sliceCount; slice++, mark += row) {
    const log = load<u32>(slices + (<usize>slice << 3), 4);
    let entry = <usize>load<u32>(mark);
    const end = <usize>load<u32>(mark + row);
    for (; entry + 16 <= end; entry += 16) {
      subtract(sieve + load<u16>(entry), log);
      subtract(sieve + load<u16>(entry, 4), log);
      subtract(sieve + load<u16>(entry, 8), log);
      subtract(sieve + load<u16>(entry, 12), log);
    }
    for (; entry < end; entry += 4) subtract(sieve + load<u16>(entry), log);
  }
}
