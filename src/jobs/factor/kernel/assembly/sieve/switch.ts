// From one polynomial of an `a` to the next: one part of b changes its sign, hence all roots move by that part's
// deltas. Large primes hit a block rarely, so while their roots are at hand all their hits in the whole interval go
// into buckets, one a block.

import { multiplyAdd } from './long';
import {
  BLOCK_BITS, blocksASide, bucketEnds, bucketStart, deltas, factorCount, firstBucket, limbs, mirroredEnds, offset,
  offsetParts, paddedCount, primes, roots, sliceCount, sliceMarks, slices,
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
  for (let block = 0; block <= blocksASide; block++) {
    store<u32>(<usize>block << 2, <u32>bucketStart(0, block), bucketEnds);
    store<u32>(<usize>block << 2, <u32>bucketStart(1, block), mirroredEnds);
  }
}

/** Remembers where the entries of a slice begin. */
function mark(slice: i32): void {
  const bytes = <usize>blocksASide << 2;
  const marks = sliceMarks + <usize>slice * 2 * bytes;
  memory.copy(marks, bucketEnds, bytes);
  memory.copy(marks + bytes, mirroredEnds, bytes);
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

/** Of one turn of a group, by vectors: entries, offsets of pointers, 4 where both roots have the same bucket. */
const staged: usize = memory.data(16 * 10, 64);

/** Writes for the positions of both roots what `push` takes: entries are prime in slice << 16 | position in block. */
// @ts-ignore: decorator
@inline
function stage(place: usize, one: v128, two: v128, tags: v128, lastBucket: v128): void {
  const low = i32x4.splat((1 << BLOCK_BITS) - 1);
  v128.store(staged + place, v128.or(v128.and(one, low), tags));
  v128.store(staged + place, v128.or(v128.and(two, low), tags), 16);
  const block1 = i32x4.min_u(i32x4.shr_u(one, BLOCK_BITS), lastBucket);
  const block2 = i32x4.min_u(i32x4.shr_u(two, BLOCK_BITS), lastBucket);
  v128.store(staged + place, i32x4.shl(block1, 2), 32);
  v128.store(staged + place, i32x4.shl(block2, 2), 48);
  v128.store(staged + place, v128.and(i32x4.eq(block1, block2), i32x4.splat(4)), 64);
}

/**
 * Adds the four positions of one prime to their buckets: its two roots, on both sides. All pointers are read before
 * any is written, as the processor holds a read back until it knows where all writes before it go. Only two positions
 * of the same side can have the same bucket: then the second goes behind the first.
 */
// @ts-ignore: decorator
@inline
function push(lane: usize): void {
  const at = staged + lane;
  const offset1 = load<u32>(at, 32);
  const offset2 = load<u32>(at, 48);
  const offset3 = load<u32>(at, 112);
  const offset4 = load<u32>(at, 128);
  const end1 = load<u32>(offset1, bucketEnds);
  const end2 = load<u32>(offset2, bucketEnds) + load<u32>(at, 64);
  const end3 = load<u32>(offset3, mirroredEnds);
  const end4 = load<u32>(offset4, mirroredEnds) + load<u32>(at, 144);
  store<u32>(end1, load<u32>(at));
  store<u32>(end2, load<u32>(at, 16));
  store<u32>(end3, load<u32>(at, 80));
  store<u32>(end4, load<u32>(at, 96));
  store<u32>(offset1, end1 + 4, bucketEnds);
  store<u32>(offset2, end2 + 4, bucketEnds);
  store<u32>(offset3, end3 + 4, mirroredEnds);
  store<u32>(offset4, end4 + 4, mirroredEnds);
}

/**
 * A root r of a prime p gives the positions r, r + p, ... of the side x >= 0, and p - 1 - r, ... of the side x < 0. A
 * group takes as many turns as its smallest prime may hit a side. Which of the last positions are still inside nobody
 * could foresee, so there is no branch: those outside go into a bucket of their own that is emptied at every turn.
 */
// @ts-ignore: decorator
@inline
function fillSlice(up: bool, slice: i32, delta: usize): void {
  mark(slice);
  const interval = <u32>blocksASide << BLOCK_BITS;
  const entry = slices + (<usize>slice << 3);
  const first = <usize>load<u32>(entry);
  const end = (slice + 1 < sliceCount ? <usize>load<u32>(entry, 8) : <usize>paddedCount) << 2;
  const last = i32x4.splat(blocksASide);
  const one = i32x4.splat(1);
  const outside = <usize>blocksASide << 2;
  const nowhere = load<u32>(outside, bucketEnds);
  let tags = i32x4(0, 1 << 16, 2 << 16, 3 << 16);
  let turns = interval / load<u32>(primes + (first << 2)) + 1;
  for (let at = first << 2; at < end; at += 16) {
    const p = v128.load(primes + at);
    const d = v128.load(delta + at);
    const group = roots + (at << 1);
    let r1 = moved(up, v128.load(group), d, p);
    let r2 = moved(up, v128.load(group, 16), d, p);
    v128.store(group, r1);
    v128.store(group, r2, 16);
    const top = i32x4.sub(p, one);
    let m1 = i32x4.sub(top, r1);
    let m2 = i32x4.sub(top, r2);
    while ((turns - 1) * <u32>i32x4.extract_lane(p, 0) > interval) turns--;
    for (let turn = turns; ; turn--) {
      stage(0, r1, r2, tags, last);
      stage(80, m1, m2, tags, last);
      push(0);
      push(4);
      push(8);
      push(12);
      store<u32>(outside, nowhere, bucketEnds);
      store<u32>(outside, nowhere, mirroredEnds);
      if (turn <= 1) break;
      r1 = i32x4.add(r1, p);
      r2 = i32x4.add(r2, p);
      m1 = i32x4.add(m1, p);
      m2 = i32x4.add(m2, p);
    }
    tags = i32x4.add(tags, i32x4.splat(4 << 16));
  }
}
