// What the kernel knows of one number, and where it keeps it. Memory is laid out once for a number (`allocate`) and
// never given back: another number gets another instance.
//
// Primes are worked on in groups of four, the lanes of a vector: prime i is lane i & 3 of group i >> 2. The base is
// padded to whole groups with primes that never hit.

export const BLOCK_BITS: i32 = 15;
/** Positions of one block, a byte each: small enough to stay in the first-level cache with what sieves it. */
export const BLOCK: i32 = 1 << BLOCK_BITS;
/** Bytes behind the block that sieving may scribble on: see `block.ts`. */
const SCRIBBLE: usize = 64;
/** A "prime" and root of the padding: above all positions, and some dozens of multiples stay below 2^31. */
const NEVER_PRIME: u32 = 1 << 25;
const NEVER_ROOT: u32 = 1 << 24;
/** More factors than any value of at most 256 bits and its `a` can have. */
const MOST_FACTORS: i32 = 320;
/** Longest packed relation. */
export const LONGEST_RELATION: usize = 1100;
export const OUTPUT_BYTES: usize = 1 << 16;

/** Primes of the base, and with its padding. */
export let primeCount: i32 = 0;
export let paddedCount: i32 = 0;
/** Index of the first prime that is sieved: smaller ones are left to trial division. */
export let firstSieved: i32 = 0;
/** Index of the first prime whose hits go through buckets; a multiple of 4. */
export let firstBucket: i32 = 0;
export let blocksASide: i32 = 0;
/** 1: u = a x + b; 2: u = 2 a x + b, for kn = 1 mod 8, where all values are even once 4 a is divided out. */
export let form: i32 = 1;

/** 32-bit limbs of every long number. */
export let limbs: i32 = 0;
export let valueBytes: i32 = 0;

/** u32 each: the primes, their inverses modulo 2^32, the largest quotients 2^32 / p, square roots of kn over `form`. */
export let primes: usize = 0;
export let inverses: usize = 0;
export let quotients: usize = 0;
export let squareRoots: usize = 0;
/** u8 each: logarithms of the primes; 0 for the factors of `a`. */
export let logs: usize = 0;
/** By group: four first roots, then four second roots (u32), of the polynomial that is sieved. */
export let roots: usize = 0;
/** u32 by prime, one array a factor of `a`: what switching that factor's sign adds to the roots; then one of zeros. */
export let deltas: usize = 0;
/** u32 by prime, scratch while an `a` is prepared: square root over what has been divided out, sum of the deltas. */
export let quotientRoots: usize = 0;
export let deltaSums: usize = 0;

/**
 * Medium primes as u16, by index - firstSieved: the prime, its inverse modulo 2^16, 2^16 / p, and the next positions of
 * both roots in the side that is sieved, from the start of the block that comes next.
 */
export let mediumPrimes: usize = 0;
export let mediumInverses: usize = 0;
export let mediumQuotients: usize = 0;
export let mediumFirst: usize = 0;
export let mediumSecond: usize = 0;

/** The block that is sieved, and what it is filled with. */
export let sieve: usize = 0;
/** u16 positions that the scan has found. */
export let candidates: usize = 0;

/** Blocks of one side, at most. */
const MOST_BLOCKS: i32 = 63;
/**
 * u32 pointer by bucket, where its next entry goes: the blocks of x >= 0, then one bucket more for positions behind
 * them; and the same for x < 0. At fixed addresses, which are part of the instructions.
 */
export const bucketEnds: usize = memory.data(4 * (MOST_BLOCKS + 1), 64);
export const mirroredEnds: usize = memory.data(4 * (MOST_BLOCKS + 1), 64);
/** The pointers of both sides' blocks at the start of each slice, and at the end of the last. */
export let sliceMarks: usize = 0;
export let buckets: usize = 0;
export let bucketBytes: usize = 0;

/** Where a bucket begins. What is outside of both sides goes behind all others, where nobody reads it. */
export function bucketStart(side: i32, block: i32): usize {
  const place = block == blocksASide ? 2 * blocksASide : side * blocksASide + block;
  return buckets + <usize>place * bucketBytes;
}

/** Slices: runs of bucket primes with one logarithm and at most 2^16 primes. By slice: u32 first index, u32 log. */
export let slices: usize = 0;
export let sliceCount: i32 = 0;

/** Long numbers: kn (of 2 limbs words), a * form, the inverse of a, b, and the B of each factor of `a`. */
export let number: usize = 0;
export let step: usize = 0;
export let inverseOfA: usize = 0;
export let offset: usize = 0;
export let offsetParts: usize = 0;
/** Factors of `a`: u32 indexes in the base; how many. */
export let factorsOfA: usize = 0;
export let factorCount: i32 = 0;

/** Packed relations, and how many bytes of them there are. */
export let output: usize = 0;
export let outputBytes: usize = 0;

/** Long numbers and lists of one candidate. */
export let valueRoom: usize = 0;
export let root: usize = 0;
export let square: usize = 0;
export let foundFactors: usize = 0;

export let largePrimeBound: u64 = 0;
/** Cofactors up to this are split in two; 0 for never. */
export let doubleBound: u64 = 0;
export let largestPrime: u64 = 0;

let free: usize = 0;

/** Zeroed memory at a multiple of 64. */
function take(bytes: usize): usize {
  const at = free;
  free = (free + bytes + 63) & ~63;
  const missing = <isize>(free + 65535) / 65536 - memory.size();
  if (missing > 0) memory.grow(<i32>missing);
  return at;
}

/** Lays out the memory for a base. `most` is the largest number of factors of an `a`. */
export function allocate(
  count: i32, sieved: i32, bucket: i32, blocks: i32, kind: i32, bytes: i32, most: i32, slicesOfBuckets: i32,
  entriesOfBucket: i32,
): void {
  primeCount = count;
  paddedCount = (count + 3) & ~3;
  firstSieved = sieved;
  firstBucket = bucket;
  blocksASide = blocks;
  form = kind;
  valueBytes = bytes;
  limbs = (bytes + 3) / 4 + 1;
  sliceCount = slicesOfBuckets;
  free = (__heap_base + 63) & ~63;
  const words = (<usize>paddedCount) << 2;
  sieve = take(<usize>BLOCK + SCRIBBLE);
  const mediums = (<usize>(bucket - sieved) << 1) + 32;
  mediumPrimes = take(mediums);
  mediumInverses = take(mediums);
  mediumQuotients = take(mediums);
  mediumFirst = take(mediums);
  mediumSecond = take(mediums);
  logs = take(<usize>paddedCount);
  primes = take(words);
  inverses = take(words);
  quotients = take(words);
  squareRoots = take(words);
  roots = take(2 * words);
  deltas = take(<usize>(most + 1) * words);
  quotientRoots = take(words);
  deltaSums = take(words);
  candidates = take(2 * <usize>BLOCK);
  const bucketCount = <usize>(2 * blocks);
  slices = take(8 * <usize>sliceCount);
  sliceMarks = take(4 * bucketCount * <usize>(sliceCount + 1));
  bucketBytes = (4 * <usize>entriesOfBucket + 63) & ~63;
  buckets = take(bucketBytes * bucketCount + 65536);
  const long = (<usize>limbs + 1) << 2;
  number = take(2 * long);
  step = take(long);
  inverseOfA = take(long);
  offset = take(long);
  offsetParts = take(long * <usize>most);
  factorsOfA = take(4 * <usize>most);
  valueRoom = take(2 * long);
  root = take(long);
  square = take(long);
  foundFactors = take(4 * MOST_FACTORS);
  output = take(OUTPUT_BYTES);
  for (let i = count; i < paddedCount; i++) {
    const at = <usize>i << 2;
    store<u32>(primes + at, NEVER_PRIME);
    const group = roots + (<usize>(i >> 2) << 5) + (<usize>(i & 3) << 2);
    store<u32>(group, NEVER_ROOT);
    store<u32>(group, NEVER_ROOT, 16);
  }
}

export function setLargePrimes(bound: f64, double: f64): void {
  largePrimeBound = <u64>bound;
  doubleBound = <u64>double;
  largestPrime = load<u32>(primes + (<usize>(primeCount - 1) << 2));
}

export function setFactorCount(count: i32): void {
  factorCount = count;
}

export function setOutputBytes(bytes: usize): void {
  outputBytes = bytes;
}
