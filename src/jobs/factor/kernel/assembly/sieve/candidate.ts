// What a candidate of the scan is: its value, the primes of the base in it by where their roots are, what is left.

import { blockStart } from './block';
import { splitCofactor } from './cofactor';
import { divideExactly, makeAbsolute, multiplyAdd, multiplyLow, shiftRight, significant, subtractFrom } from './long';
import { packRelation } from './pack';
import {
  BLOCK, BLOCK_BITS, blocksASide, candidates, doubleBound, factorCount, factorsOfA, firstBucket, firstSieved, form,
  foundFactors, inverseOfA, inverses, largePrimeBound, largestPrime, limbs, logs, LONGEST_RELATION, mediumFirst,
  mediumInverses, mediumQuotients, mediumSecond, number, offset, output, OUTPUT_BYTES, outputBytes, primeCount, primes,
  quotients, root, roots, setOutputBytes, sieve, sliceCount, sliceMarks, slices, square, step, valueRoom,
} from './state';

/** The value; its quotients go to and fro between two places. Words that count; how many factors were found. */
let value: usize = 0;
let spare: usize = 0;
let length: usize = 0;
let found: i32 = 0;
/** What the sieve subtracted here for primes that are not yet found: at 0, there are no more. */
let sieved: u32 = 0;

/**
 * Units of a logarithm in a bit; units up to which a cofactor is of use, and between which it is not, as it is a prime
 * above the bound of large primes. Errors of rounding are included.
 */
let unitsOfBit: f32 = 1;
let mostUnexplained: f32 = 0;
let uselessFrom: f32 = 0;
let uselessTo: f32 = 0;

export function setUnexplained(scale: f64, most: f64, from: f64, to: f64): void {
  unitsOfBit = <f32>scale;
  mostUnexplained = <f32>most;
  uselessFrom = <f32>from;
  uselessTo = <f32>to;
}

/**
 * Divides the candidates from `from` on out and packs the relations; returns where it stopped: at `count`, or for want
 * of room in the output.
 */
export function harvest(side: i32, block: i32, from: i32, count: i32): i32 {
  let i = from;
  for (; i < count && outputBytes + LONGEST_RELATION <= OUTPUT_BYTES; i++) {
    examine(side, block, <u32>load<u16>(candidates + (<usize>i << 1)));
  }
  return i;
}

function examine(side: i32, block: i32, position: u32): void {
  const x = (<u32>block << BLOCK_BITS) + position;
  const negative = evaluate(side, x);
  found = 0;
  for (let j = 0; j < factorCount; j++) note(load<u32>(factorsOfA + (<usize>j << 2)));
  if (form == 2) {
    note(0);
    note(0);
  }
  divideTwos();
  divideByRoots(side, x, firstSieved);
  // The small primes are known exactly now, and the sieve knows the others: most candidates end here.
  sieved = (blockStart - load<u8>(sieve + position)) & 255;
  const unexplained = <f32>bitLength() * unitsOfBit - <f32>sieved;
  if (unexplained > mostUnexplained || (unexplained > uselessFrom && unexplained < uselessTo)) return;
  for (let j = 0; j < factorCount; j++) tryPrime(load<u32>(factorsOfA + (<usize>j << 2)));
  divideByPositions(position);
  if (sieved != 0) divideByBucket(side * blocksASide + block, position);
  finish(negative);
}

/**
 * u = form a x + b into `root`, the absolute value of (u^2 - kn) / (form^2 a) into `value`; returns whether that is
 * negative. Division by `a` is exact, so it is a product with its inverse modulo 2^(32 limbs).
 */
function evaluate(side: i32, x: u32): bool {
  value = valueRoom;
  spare = value + ((<usize>limbs + 1) << 2);
  // On the side of x < 0, position y is x = -1 - y: -u = form a (y + 1) - b.
  multiplyAdd(root, step, side ? x + 1 : x, offset, side == 1);
  makeAbsolute(root);
  const count = <usize>limbs + 1;
  store<u32>(root + ((count - 1) << 2), 0);
  multiplyLow(square, root, root, count);
  subtractFrom(square, number, count);
  if (form == 2) shiftRight(square, count, 2);
  multiplyLow(value, square, inverseOfA, <usize>limbs);
  const negative = makeAbsolute(value);
  length = significant(value, <usize>limbs);
  return negative;
}

function bitLength(): i32 {
  return <i32>(length << 5) - <i32>clz(load<u32>(value + ((length - 1) << 2)));
}

// @ts-ignore: decorator
@inline
function note(index: u32): void {
  store<u32>(foundFactors + (<usize>found << 2), index);
  found++;
}

function divideTwos(): void {
  while ((load<u32>(value) & 1) == 0) {
    const low = load<u32>(value);
    const bits = min(<i32>ctz(low | 0x80000000), 31);
    // The word above is 0: the highest bit of a number without a sign is no sign.
    shiftRight(value, length + 1, bits);
    length = significant(value, length);
    for (let i = 0; i < bits; i++) note(0);
  }
}

/** Divides a prime out as often as it goes; returns whether it did. */
function tryPrime(index: u32): bool {
  const at = <usize>index << 2;
  const p = load<u32>(primes + at);
  const inverse = load<u32>(inverses + at);
  const before = found;
  while (divideExactly(spare, value, length, p, inverse)) {
    const quotient = spare;
    spare = value;
    value = quotient;
    length = significant(value, length);
    note(index);
  }
  return found > before;
}

/**
 * The primes up to `end` of which x is a root: x - r is a multiple of p just if its product with 1 / p modulo 2^32 is
 * at most 2^32 / p. What a wrap-around shows wrongly is sorted out by the division.
 */
function divideByRoots(side: i32, x: u32, end: i32): void {
  const at = i32x4.splat(side ? x + 1 : x);
  const flip = i32x4.splat(side ? -1 : 0);
  for (let i = 0; i < end; i += 4) {
    const inverse = v128.load(inverses + (<usize>i << 2));
    const quotient = v128.load(quotients + (<usize>i << 2));
    const group = roots + (<usize>i << 3);
    // x - r, and for x < 0 y + 1 + r.
    const one = i32x4.add(i32x4.sub(at, v128.xor(v128.load(group), flip)), flip);
    const two = i32x4.add(i32x4.sub(at, v128.xor(v128.load(group, 16), flip)), flip);
    const hits = v128.or(
      i32x4.le_u(i32x4.mul(one, inverse), quotient),
      i32x4.le_u(i32x4.mul(two, inverse), quotient),
    );
    for (let bits = i32x4.bitmask(hits); bits; bits &= bits - 1) {
      const index = i + ctz(bits);
      if (index > 0 && index < end) tryPrime(index);
    }
  }
}

/**
 * The medium primes that hit this position of the block, by the same test in 16 bits: from here to a prime's next
 * position, which is known from sieving the block, must be a multiple of it.
 */
function divideByPositions(position: u32): void {
  const distance = i16x8.splat(<i16>(BLOCK - position));
  const end = <usize>(min(firstBucket, primeCount) - firstSieved) << 1;
  for (let i: usize = 0; i < end; i += 16) {
    const inverse = v128.load(mediumInverses + i);
    const quotient = v128.load(mediumQuotients + i);
    const one = i16x8.mul(i16x8.add(v128.load(mediumFirst + i), distance), inverse);
    const two = i16x8.mul(i16x8.add(v128.load(mediumSecond + i), distance), inverse);
    const hits = v128.or(i16x8.le_u(one, quotient), i16x8.le_u(two, quotient));
    if (!v128.any_true(hits)) continue;
    for (let bits = i16x8.bitmask(hits); bits; bits &= bits - 1) {
      const place = <i32>(i >> 1) + ctz(bits);
      if (place >= <i32>(end >> 1)) break;
      if (tryPrime(firstSieved + place)) sieved -= load<u8>(logs + <usize>(firstSieved + place));
    }
  }
}

/** The large primes that hit this position are in the block's bucket. */
function divideByBucket(bucket: i32, position: u32): void {
  const row = <usize>(2 * blocksASide) << 2;
  const wanted = i32x4.splat(position);
  const low = i32x4.splat(0xffff);
  let mark = sliceMarks + (<usize>bucket << 2);
  for (let slice = 0; slice < sliceCount; slice++, mark += row) {
    const first = load<u32>(slices + (<usize>slice << 3));
    const log = load<u32>(slices + (<usize>slice << 3), 4);
    const end = <usize>load<u32>(mark + row);
    for (let entry = <usize>load<u32>(mark); entry < end; entry += 64) {
      const a = i32x4.eq(v128.and(v128.load(entry), low), wanted);
      const b = i32x4.eq(v128.and(v128.load(entry, 16), low), wanted);
      const c = i32x4.eq(v128.and(v128.load(entry, 32), low), wanted);
      const d = i32x4.eq(v128.and(v128.load(entry, 48), low), wanted);
      if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
      let bits = i32x4.bitmask(a);
      bits |= i32x4.bitmask(b) << 4;
      bits |= i32x4.bitmask(c) << 8;
      bits |= i32x4.bitmask(d) << 12;
      for (; bits; bits &= bits - 1) {
        const hit = entry + (<usize>ctz(bits) << 2);
        // The last vectors reach into what is behind the slice.
        if (hit >= end || !tryPrime(first + (load<u32>(hit) >> 16))) continue;
        sieved -= log;
        if (sieved == 0) return;
      }
    }
  }
}

function finish(negative: bool): void {
  if (length > 2) return;
  const rest = length == 2 ? load<u64>(value) : <u64>load<u32>(value);
  if (rest == 1) return pack(negative, 0, 0);
  if (rest < largePrimeBound) {
    if (rest > largestPrime) pack(negative, 1, rest);
    return;
  }
  if (rest > doubleBound || rest <= largestPrime * largestPrime) return;
  const part = splitCofactor(rest);
  if (part == 0) return;
  const other = rest / part;
  const least = min(part, other);
  const most = max(part, other);
  if (most >= largePrimeBound || least <= largestPrime) return;
  pack(negative, 2, (most << 32) | least);
}

function pack(negative: bool, largePrimes: u32, packed: u64): void {
  setOutputBytes(outputBytes + packRelation(output + outputBytes, negative, largePrimes, packed, found));
}
