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

/** Primes up to here hit a block so often that no two of them have the same number of hits. */
const MANY: usize = <usize>BLOCK / 20;

/** By p in falling classes of how many multiples a block surely has; each class has its loop without surprises. */
function sieveMedium(): void {
  const end = <usize>(min(firstBucket, primeCount) - firstSieved);
  let i = sieveMany(0, end);
  i = sieveSome(i, end);
  i = sieveEight(3, i, end);
  i = sieveEight(2, i, end);
  i = sieveEight(1, i, end);
  sieveEight(0, i, end);
}

/** Primes up to MANY: both roots at once, four multiples a turn. */
function sieveMany(from: usize, end: usize): usize {
  const stop = sieve + <usize>BLOCK;
  const logOf = logs + <usize>firstSieved;
  let i = from;
  for (; i < end; i++) {
    const p = <usize>load<u16>(mediumPrimes + (i << 1));
    if (p > MANY) break;
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

/** Primes that surely hit 4 times or more, one by one: as long as their number of hits stays, loops end as foreseen. */
function sieveSome(from: usize, end: usize): usize {
  let i = from;
  let least: usize = 20;
  for (; i < end; i++) {
    const p = <usize>load<u16>(mediumPrimes + (i << 1));
    while (least * p > <usize>BLOCK) least--;
    if (least < 4) break;
    sieveOne(i, p, least);
  }
  return i;
}

// @ts-ignore: decorator
@inline
function sieveOne(i: usize, p: usize, least: usize): void {
  const log: u32 = load<u8>(logs + <usize>firstSieved + i);
  let one = sieve + <usize>load<u16>(mediumFirst + (i << 1));
  let two = sieve + <usize>load<u16>(mediumSecond + (i << 1));
  for (let turn = least; turn > 0; turn--) {
    subtract(one, log);
    subtract(two, log);
    one += p;
    two += p;
  }
  store<u16>(mediumFirst + (i << 1), <u16>sieveLast(one, p, log));
  store<u16>(mediumSecond + (i << 1), <u16>sieveLast(two, p, log));
}

/** The multiple that may be in the block or not, without a branch: outside, it goes to what is behind the block. */
// @ts-ignore: decorator
@inline
function sieveLast(at: usize, p: usize, log: u32): usize {
  const stop = sieve + <usize>BLOCK;
  const behind = <i32>(at - stop);
  const inside = behind >> 31;
  subtract(stop + <usize>((behind & inside) | (behind & 63 & ~inside)), log);
  return <usize>(behind + (<i32>p & inside));
}

/** Positions that eight primes hit, as vectors of u16. */
const staged: usize = memory.data(16 * 8, 16);

/**
 * Eight primes at a time that surely hit `least` times: vectors find the positions and what they are in the next
 * block. A block has 2^15 positions, so the top bit of 16 says that one is outside.
 */
// @ts-ignore: decorator
@inline
function sieveEight(least: usize, from: usize, end: usize): usize {
  const logOf = logs + <usize>firstSieved;
  const top = i16x8.splat(<i16>BLOCK);
  const behind1 = i16x8.add(top, i16x8(0, 1, 2, 3, 4, 5, 6, 7));
  const behind2 = i16x8.add(top, i16x8(8, 9, 10, 11, 12, 13, 14, 15));
  const most = least > 0 ? <usize>BLOCK / max(least, 1) : 0xffff;
  let i = from;
  for (; i + 8 <= end && <usize>load<u16>(mediumPrimes + (i << 1), 14) <= most; i += 8) {
    const at = i << 1;
    const p = v128.load(mediumPrimes + at);
    let one = v128.load(mediumFirst + at);
    let two = v128.load(mediumSecond + at);
    for (let turn: usize = 0; turn < least; turn++) {
      v128.store(staged + 32 + 32 * turn, one);
      v128.store(staged + 32 + 32 * turn, two, 16);
      one = i16x8.add(one, p);
      two = i16x8.add(two, p);
    }
    v128.store(staged, i16x8.min_u(one, behind1));
    v128.store(staged, i16x8.min_u(two, behind2), 16);
    v128.store(mediumFirst + at, i16x8.add(v128.xor(one, top), v128.andnot(p, i16x8.shr_s(one, 15))));
    v128.store(mediumSecond + at, i16x8.add(v128.xor(two, top), v128.andnot(p, i16x8.shr_s(two, 15))));
    sieveLane(least, 0, logOf + i);
    sieveLane(least, 1, logOf + i);
    sieveLane(least, 2, logOf + i);
    sieveLane(least, 3, logOf + i);
    sieveLane(least, 4, logOf + i);
    sieveLane(least, 5, logOf + i);
    sieveLane(least, 6, logOf + i);
    sieveLane(least, 7, logOf + i);
  }
  // The last few of the class.
  for (; i < end; i++) {
    const p = <usize>load<u16>(mediumPrimes + (i << 1));
    if (p > most) break;
    sieveOne(i, p, least);
  }
  return i;
}

// @ts-ignore: decorator
@inline
function sieveLane(least: usize, lane: usize, logOf: usize): void {
  const log: u32 = load<u8>(logOf + lane);
  const entry = staged + (lane << 1);
  subtract(sieve + load<u16>(entry), log);
  subtract(sieve + load<u16>(entry, 16), log);
  if (least > 0) subtract(sieve + load<u16>(entry, 32), log);
  if (least > 0) subtract(sieve + load<u16>(entry, 48), log);
  if (least > 1) subtract(sieve + load<u16>(entry, 64), log);
  if (least > 1) subtract(sieve + load<u16>(entry, 80), log);
  if (least > 2) subtract(sieve + load<u16>(entry, 96), log);
  if (least > 2) subtract(sieve + load<u16>(entry, 112), log);
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
