// From one polynomial of an `a` to the next: one part of b changes its sign, hence all roots move by that part's
// deltas. Large primes hit a block rarely, so while their roots are at hand all their hits in the whole interval go
// into buckets, one a block.

import { multiplyAdd } from './long';
import {
  BLOCK_BITS, blocksASide, bucketBytes, bucketEnds, buckets, deltas, factorCount, firstBucket, limbs, offset,
  offsetParts, paddedCount, primes, roots, scratch, sliceCount, sliceMarks, slices,
} from './state';

/** Takes part `index` of b from b, twice (`up`: roots grow) or adds it; `factorCount` for the first polynomial. */
export function switchSign(index: i32, up: bool): void {
  const delta = deltas + <usize>index * (<usize>paddedCount << 2);
  if (index < factorCount) {
    const part = offsetParts + <usize>index * ((<usize>limbs + 1) << 2);
    for (let i = 0; i < 2; i++) multiplyAdd(offset, offset, 1, part, up);
  }
  emptyBuckets();
  if (up) {
    moveRoots(true, delta);
    for (let slice = 0; slice < sliceCount; slice++) fillSlice(true, slice, delta);
  } else {
    moveRoots(false, delta);
    for (let slice = 0; slice < sliceCount; slice++) fillSlice(false, slice, delta);
  }
  mark(sliceCount);
}

function emptyBuckets(): void {
  for (let i: usize = 0; i < <usize>(2 * blocksASide); i++) store<u32>(bucketEnds + (i << 2), <u32>(buckets + i * bucketBytes));
}

/** Remembers where the entries of a slice begin. */
function mark(slice: i32): void {
  const bytes = <usize>(2 * blocksASide) << 2;
  memory.copy(sliceMarks + <usize>slice * bytes, bucketEnds, bytes);
}

/** root + delta or root - delta modulo p. What is out of range is huge without its sign, so the least is right. */
// @ts-ignore: decorator
@inline
function moved(up: bool, root: v128, delta: v128, p: v128): v128 {
  if (up) {
    const sum = i32x4.add(root, delta);
    return i32x4.min_u(sum, i32x4.sub(sum, p));
  }
  const difference = i32x4.sub(root, delta);
  return i32x4.min_u(difference, i32x4.add(difference, p));
}

/** All primes below the buckets. */
// @ts-ignore: decorator
@inline
function moveRoots(up: bool, delta: usize): void {
  const end = <usize>firstBucket << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const p = v128.load(primes + at);
    const d = v128.load(delta + at);
    const group = roots + (at << 1);
    v128.store(group, moved(up, v128.load(group), d, p));
    v128.store(group, moved(up, v128.load(group, 16), d, p), 16);
  }
}

/** Adds the position in lane `lane` of the scratch to its bucket: prime in slice << 16 | position in block. */
// @ts-ignore: decorator
@inline
function push(lane: u32, group: u32): void {
  const position = load<u32>(scratch + (<usize>lane << 2));
  const pointer = bucketEnds + (<usize>(position >> BLOCK_BITS) << 2);
  const end = <usize>load<u32>(pointer);
  store<u32>(end, (position & ((1 << BLOCK_BITS) - 1)) | ((group + (lane & 3)) << 16));
  store<u32>(pointer, <u32>end + 4);
}

/**
 * Positions run through both sides at once: x >= 0 is position x, x < 0 is position interval - 1 - x. A root r of a
 * prime p gives the positions r, r + p, ... and interval + p - 1 - r and so on.
 */
// @ts-ignore: decorator
@inline
function fillSlice(up: bool, slice: i32, delta: usize): void {
  mark(slice);
  const interval = blocksASide << BLOCK_BITS;
  const entry = slices + (<usize>slice << 3);
  const first = <usize>load<u32>(entry);
  const end = (slice + 1 < sliceCount ? <usize>load<u32>(entry, 8) : <usize>paddedCount) << 2;
  const sideEnd = i32x4.splat(interval);
  const bothEnd = i32x4.splat(2 * interval);
  const mirror = i32x4.splat(interval - 1);
  let lanes: u32 = 0;
  for (let at = first << 2; at < end; at += 16, lanes += 4) {
    const p = v128.load(primes + at);
    const d = v128.load(delta + at);
    const group = roots + (at << 1);
    let r1 = moved(up, v128.load(group), d, p);
    let r2 = moved(up, v128.load(group, 16), d, p);
    v128.store(group, r1);
    v128.store(group, r2, 16);
    const top = i32x4.add(p, mirror);
    let m1 = i32x4.sub(top, r1);
    let m2 = i32x4.sub(top, r2);
    while (true) {
      let hits: u32 = i32x4.bitmask(i32x4.lt_s(r1, sideEnd));
      hits |= i32x4.bitmask(i32x4.lt_s(r2, sideEnd)) << 4;
      hits |= i32x4.bitmask(i32x4.lt_s(m1, bothEnd)) << 8;
      hits |= i32x4.bitmask(i32x4.lt_s(m2, bothEnd)) << 12;
      if (hits == 0) break;
      v128.store(scratch, r1);
      v128.store(scratch, r2, 16);
      v128.store(scratch, m1, 32);
      v128.store(scratch, m2, 48);
      do {
        push(ctz(hits), lanes);
        hits &= hits - 1;
      } while (hits);
      r1 = i32x4.add(r1, p);
      r2 = i32x4.add(r2, p);
      m1 = i32x4.add(m1, p);
      m2 = i32x4.add(m2, p);
    }
  }
}
