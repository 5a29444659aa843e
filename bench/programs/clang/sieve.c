// The two loops that take most of the sieve's time, as C: sieving a block, and the roots of the next polynomial with their
// buckets. The same steps as assembly/sieve/block.ts and switch.ts, on the same memory; see ../factor-clang.ts.

#include <stdint.h>
#include <wasm_simd128.h>

#define INLINE static inline __attribute__((always_inline))
#define EXPORT(name) __attribute__((export_name(#name)))

enum { BLOCK_BITS = 15, BLOCK = 1 << BLOCK_BITS };

static uint32_t primeCount, firstSieved, firstBucket, paddedCount, blocksASide, sliceCount, bucketBytes;
static uint32_t *primes, *roots, *slices, *sliceMarks;
static uint16_t *mediumPrimes, *mediumFirst, *mediumSecond;
static uint8_t *logs, *sieve, *buckets;
#define bucketEnds ((uint32_t *)BUCKET_ENDS)
#define mirroredEnds ((uint32_t *)MIRRORED_ENDS)

EXPORT(sizes) void sizes(uint32_t count, uint32_t sieved, uint32_t bucket, uint32_t padded, uint32_t blocks,
                         uint32_t sliceNumber, uint32_t bytes) {
  primeCount = count, firstSieved = sieved, firstBucket = bucket, paddedCount = padded;
  blocksASide = blocks, sliceCount = sliceNumber, bucketBytes = bytes;
}

EXPORT(places) void places(uint32_t *p, uint32_t *r, uint32_t *s, uint32_t *marks, uint16_t *mp, uint16_t *mf, uint16_t *ms,
                           uint8_t *l, uint8_t *block, uint8_t *b) {
  primes = p, roots = r, slices = s, sliceMarks = marks, mediumPrimes = mp, mediumFirst = mf, mediumSecond = ms;
  logs = l, sieve = block, buckets = b;
}

// Sieving a block

static uint16_t stagedPositions[64] __attribute__((aligned(16)));

INLINE void sieveOne(uint32_t i, uint32_t p, uint32_t least) {
  const uint8_t log = logs[firstSieved + i];
  uint8_t *one = sieve + mediumFirst[i], *two = sieve + mediumSecond[i], *const stop = sieve + BLOCK;
  for (uint32_t turn = least; turn > 0; turn--) {
    *one -= log, *two -= log;
    one += p, two += p;
  }
  uint8_t *at[2] = {one, two};
  uint16_t *next[2] = {mediumFirst + i, mediumSecond + i};
  for (int k = 0; k < 2; k++) {
    const int32_t behind = at[k] - stop, inside = behind >> 31;
    stop[(behind & inside) | (behind & 63 & ~inside)] -= log;
    *next[k] = behind + ((int32_t)p & inside);
  }
}

INLINE uint32_t sieveMany(uint32_t i, uint32_t end) {
  uint8_t *const stop = sieve + BLOCK;
  for (; i < end; i++) {
    const uint32_t p = mediumPrimes[i];
    if (p > BLOCK / 20) break;
    const uint8_t log = logs[firstSieved + i];
    const uint32_t one = mediumFirst[i], two = mediumSecond[i];
    uint8_t *low = sieve + (one < two ? one : two), *high = sieve + (one < two ? two : one);
    while (high < stop - 3 * p) {
      low[0] -= log, high[0] -= log;
      low[p] -= log, high[p] -= log;
      low[2 * p] -= log, high[2 * p] -= log;
      low[3 * p] -= log, high[3 * p] -= log;
      low += 4 * p, high += 4 * p;
    }
    while (high < stop) {
      *low -= log, *high -= log;
      low += p, high += p;
    }
    if (low < stop) *low -= log, low += p;
    mediumFirst[i] = low - stop, mediumSecond[i] = high - stop;
  }
  return i;
}

INLINE uint32_t sieveEight(const uint32_t least, uint32_t i, uint32_t end) {
  const v128_t top = wasm_i16x8_splat((int16_t)BLOCK);
  const v128_t behind1 = wasm_i16x8_add(top, wasm_i16x8_make(0, 1, 2, 3, 4, 5, 6, 7));
  const v128_t behind2 = wasm_i16x8_add(top, wasm_i16x8_make(8, 9, 10, 11, 12, 13, 14, 15));
  const uint32_t most = least > 0 ? BLOCK / least : 0xffff;
  for (; i + 8 <= end && mediumPrimes[i + 7] <= most; i += 8) {
    const v128_t p = wasm_v128_load(mediumPrimes + i);
    v128_t one = wasm_v128_load(mediumFirst + i), two = wasm_v128_load(mediumSecond + i);
    for (uint32_t turn = 0; turn < least; turn++) {
      wasm_v128_store(stagedPositions + 16 + 16 * turn, one);
      wasm_v128_store(stagedPositions + 24 + 16 * turn, two);
      one = wasm_i16x8_add(one, p), two = wasm_i16x8_add(two, p);
    }
    wasm_v128_store(stagedPositions, wasm_u16x8_min(one, behind1));
    wasm_v128_store(stagedPositions + 8, wasm_u16x8_min(two, behind2));
    wasm_v128_store(mediumFirst + i,
                    wasm_i16x8_add(wasm_v128_xor(one, top), wasm_v128_andnot(p, wasm_i16x8_shr(one, 15))));
    wasm_v128_store(mediumSecond + i,
                    wasm_i16x8_add(wasm_v128_xor(two, top), wasm_v128_andnot(p, wasm_i16x8_shr(two, 15))));
    for (uint32_t lane = 0; lane < 8; lane++) {
      const uint8_t log = logs[firstSieved + i + lane];
      for (uint32_t turn = 0; turn <= least; turn++) {
        sieve[stagedPositions[lane + 16 * turn]] -= log;
        sieve[stagedPositions[lane + 16 * turn + 8]] -= log;
      }
    }
  }
  for (; i < end && mediumPrimes[i] <= most; i++) sieveOne(i, mediumPrimes[i], least);
  return i;
}

EXPORT(sieveBlock) void sieveBlock(uint32_t bucket, uint32_t start) {
  __builtin_memset(sieve, start, BLOCK);
  const uint32_t end = (firstBucket < primeCount ? firstBucket : primeCount) - firstSieved;
  uint32_t i = sieveMany(0, end);
  for (uint32_t least = 20; i < end; i++) {
    const uint32_t p = mediumPrimes[i];
    while (least * p > BLOCK) least--;
    if (least < 4) break;
    sieveOne(i, p, least);
  }
  i = sieveEight(3, i, end);
  i = sieveEight(2, i, end);
  i = sieveEight(1, i, end);
  sieveEight(0, i, end);
  const uint32_t *mark = sliceMarks + bucket;
  for (uint32_t slice = 0; slice < sliceCount; slice++, mark += 2 * blocksASide) {
    const uint8_t log = slices[2 * slice + 1];
    const uint16_t *entry = (const uint16_t *)mark[0], *const last = (const uint16_t *)mark[2 * blocksASide];
    for (; entry + 8 <= last; entry += 8) {
      sieve[entry[0]] -= log, sieve[entry[2]] -= log;
      sieve[entry[4]] -= log, sieve[entry[6]] -= log;
    }
    for (; entry < last; entry += 2) sieve[*entry] -= log;
  }
}

// The roots of the next polynomial

INLINE uint8_t *bucketStart(uint32_t side, uint32_t block) {
  return buckets + (block == blocksASide ? 2 * blocksASide : side * blocksASide + block) * bucketBytes;
}

INLINE void markSlice(uint32_t slice) {
  uint32_t *const marks = sliceMarks + slice * 2 * blocksASide;
  __builtin_memcpy(marks, bucketEnds, 4 * blocksASide);
  __builtin_memcpy(marks + blocksASide, mirroredEnds, 4 * blocksASide);
}

INLINE v128_t moved(const int up, v128_t root, v128_t delta, v128_t p) {
  if (up) {
    const v128_t sum = wasm_i32x4_add(root, delta);
    return wasm_u32x4_min(sum, wasm_i32x4_sub(sum, p));
  }
  const v128_t difference = wasm_i32x4_sub(root, delta);
  return wasm_u32x4_min(difference, wasm_i32x4_add(difference, p));
}

/** Entries of both roots, where their pointers are, 4 where both roots have the same bucket; for either side. */
static uint32_t staged[40] __attribute__((aligned(64)));

INLINE void stage(uint32_t *to, v128_t one, v128_t two, v128_t tags, v128_t last) {
  const v128_t low = wasm_i32x4_splat(BLOCK - 1);
  wasm_v128_store(to, wasm_v128_or(wasm_v128_and(one, low), tags));
  wasm_v128_store(to + 4, wasm_v128_or(wasm_v128_and(two, low), tags));
  const v128_t block1 = wasm_u32x4_min(wasm_u32x4_shr(one, BLOCK_BITS), last);
  const v128_t block2 = wasm_u32x4_min(wasm_u32x4_shr(two, BLOCK_BITS), last);
  wasm_v128_store(to + 8, wasm_i32x4_shl(block1, 2));
  wasm_v128_store(to + 12, wasm_i32x4_shl(block2, 2));
  wasm_v128_store(to + 16, wasm_v128_and(wasm_i32x4_eq(block1, block2), wasm_i32x4_splat(4)));
}

#define AT(base, offset) (*(uint32_t *)((base) + (offset)))

INLINE void push(const uint32_t lane) {
  const uint32_t *const at = staged + lane;
  const uint32_t offset1 = at[8], offset2 = at[12], offset3 = at[28], offset4 = at[32];
  const uint32_t end1 = AT(BUCKET_ENDS, offset1), end2 = AT(BUCKET_ENDS, offset2) + at[16];
  const uint32_t end3 = AT(MIRRORED_ENDS, offset3), end4 = AT(MIRRORED_ENDS, offset4) + at[36];
  AT(end1, 0) = at[0];
  AT(end2, 0) = at[4];
  AT(end3, 0) = at[20];
  AT(end4, 0) = at[24];
  AT(BUCKET_ENDS, offset1) = end1 + 4;
  AT(BUCKET_ENDS, offset2) = end2 + 4;
  AT(MIRRORED_ENDS, offset3) = end3 + 4;
  AT(MIRRORED_ENDS, offset4) = end4 + 4;
}

INLINE void moveAll(const int up, const uint32_t *delta) {
  for (uint32_t i = 0; i < firstBucket; i += 4) {
    const v128_t p = wasm_v128_load(primes + i), d = wasm_v128_load(delta + i);
    uint32_t *const group = roots + 2 * i;
    wasm_v128_store(group, moved(up, wasm_v128_load(group), d, p));
    wasm_v128_store(group + 4, moved(up, wasm_v128_load(group + 4), d, p));
  }
  for (uint32_t slice = 0; slice < sliceCount; slice++) {
    markSlice(slice);
    const uint32_t interval = blocksASide << BLOCK_BITS, first = slices[2 * slice];
    const uint32_t end = slice + 1 < sliceCount ? slices[2 * slice + 2] : paddedCount;
    const v128_t last = wasm_i32x4_splat(blocksASide), unit = wasm_i32x4_splat(1);
    const uint32_t nowhere = bucketEnds[blocksASide];
    v128_t tags = wasm_i32x4_make(0, 1 << 16, 2 << 16, 3 << 16);
    uint32_t turns = interval / primes[first] + 1;
    for (uint32_t i = first; i < end; i += 4) {
      const v128_t p = wasm_v128_load(primes + i), d = wasm_v128_load(delta + i);
      uint32_t *const group = roots + 2 * i;
      v128_t r1 = moved(up, wasm_v128_load(group), d, p), r2 = moved(up, wasm_v128_load(group + 4), d, p);
      wasm_v128_store(group, r1);
      wasm_v128_store(group + 4, r2);
      const v128_t top = wasm_i32x4_sub(p, unit);
      v128_t m1 = wasm_i32x4_sub(top, r1), m2 = wasm_i32x4_sub(top, r2);
      while ((turns - 1) * (uint32_t)wasm_i32x4_extract_lane(p, 0) > interval) turns--;
      for (uint32_t turn = turns;; turn--) {
        stage(staged, r1, r2, tags, last);
        stage(staged + 20, m1, m2, tags, last);
        push(0);
        push(1);
        push(2);
        push(3);
        bucketEnds[blocksASide] = nowhere;
        mirroredEnds[blocksASide] = nowhere;
        if (turn <= 1) break;
        r1 = wasm_i32x4_add(r1, p), r2 = wasm_i32x4_add(r2, p);
        m1 = wasm_i32x4_add(m1, p), m2 = wasm_i32x4_add(m2, p);
      }
      tags = wasm_i32x4_add(tags, wasm_i32x4_splat(4 << 16));
    }
  }
}

EXPORT(moveRoots) void moveRoots(uint32_t up, const uint32_t *delta) {
  for (uint32_t block = 0; block <= blocksASide; block++) {
    bucketEnds[block] = (uint32_t)bucketStart(0, block);
    mirroredEnds[block] = (uint32_t)bucketStart(1, block);
  }
  if (up) moveAll(1, delta);
  else moveAll(0, delta);
  markSlice(sliceCount);
}
