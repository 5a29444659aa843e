// Blocks of 64 vectors over GF(2): an array of words, one word a coordinate, and matrices of 64 by 64 bits, one word a
// row. What is done for every coordinate looks 8 bits up at a time, in 8 tables of 256 (as in Montgomery 1995).

import { get64, reserve, set64 } from './memory';

const tablesAt = reserve(3 * 8 * 256 * 16);
const wideAt = tablesAt + 8 * 256 * 16;

/** to = a^T b for two blocks of n coordinates. */
export function innerProduct(a: usize, b: usize, n: u32, to: usize): void {
  memory.fill(tablesAt, 0, 8 * 256 * 8);
  for (let i: u32 = 0; i < n; i++) {
    const value = get64(b, i);
    let bits = get64(a, i);
    for (let table = tablesAt; table < tablesAt + 8 * 2048; table += 2048) {
      const at = table + ((<usize>bits & 255) << 3);
      store<u64>(at, load<u64>(at) ^ value);
      bits >>= 8;
    }
  }
  for (let byte: u32 = 0; byte < 8; byte++) {
    const table = tablesAt + <usize>byte * 2048;
    for (let bit: u32 = 0; bit < 8; bit++) set64(to, 8 * byte + bit, sumWithBit(table, bit));
  }
}

/** The sum of a table's words at the places that have a bit. */
function sumWithBit(table: usize, bit: u32): u64 {
  let sum: u64 = 0;
  for (let place: u32 = 1 << bit; place < 256; place = (place + 1) | (1 << bit)) sum ^= get64(table, place);
  return sum;
}

/** ab = a^T b and aa = a^T a at once: the tables hold pairs. */
export function innerProducts(a: usize, b: usize, n: u32, ab: usize, aa: usize): void {
  memory.fill(tablesAt, 0, 8 * 256 * 16);
  for (let i: u32 = 0; i < n; i++) {
    const own = get64(a, i);
    const pair = i64x2.replace_lane(i64x2.splat(get64(b, i)), 1, own);
    let bits = own;
    for (let table = tablesAt; table < tablesAt + 8 * 4096; table += 4096) {
      const at = table + ((<usize>bits & 255) << 4);
      v128.store(at, v128.xor(v128.load(at), pair));
      bits >>= 8;
    }
  }
  for (let byte: u32 = 0; byte < 8; byte++) {
    const table = tablesAt + <usize>byte * 4096;
    for (let bit: u32 = 0; bit < 8; bit++) {
      let sum = i64x2.splat(0);
      for (let place: u32 = 1 << bit; place < 256; place = (place + 1) | (1 << bit)) {
        sum = v128.xor(sum, v128.load(table + (<usize>place << 4)));
      }
      set64(ab, 8 * byte + bit, i64x2.extract_lane(sum, 0));
      set64(aa, 8 * byte + bit, i64x2.extract_lane(sum, 1));
    }
  }
}

/** block += a m, for a block of n coordinates and a 64 by 64 matrix. */
export function addProduct(a: usize, m: usize, n: u32, block: usize): void {
  fillTables(m, tablesAt);
  for (let i: u32 = 0; i < n; i++) {
    set64(block, i, get64(block, i) ^ lookUp(tablesAt, get64(a, i)));
  }
}

/**
 * The step of block Lanczos, for all coordinates: next = (next & mask) + v0 d + v1 e + v2 f, and x += v0 g.
 */
export function recur(
  n: u32,
  next: usize,
  mask: u64,
  v0: usize,
  v1: usize,
  v2: usize,
  d: usize,
  e: usize,
  f: usize,
  x: usize,
  g: usize,
): void {
  fillPairs(d, g, tablesAt);
  fillTables(e, wideAt);
  fillTables(f, wideAt + 8 * 2048);
  for (let i: u32 = 0; i < n; i++) {
    let bits = get64(v0, i);
    let pair = v128.load(tablesAt + ((<usize>bits & 255) << 4));
    for (let table = tablesAt + 4096; table < tablesAt + 8 * 4096; table += 4096) {
      bits >>= 8;
      pair = v128.xor(pair, v128.load(table + ((<usize>bits & 255) << 4)));
    }
    const others = lookUp(wideAt, get64(v1, i)) ^ lookUp(wideAt + 8 * 2048, get64(v2, i));
    set64(next, i, (get64(next, i) & mask) ^ i64x2.extract_lane(pair, 0) ^ others);
    set64(x, i, get64(x, i) ^ i64x2.extract_lane(pair, 1));
  }
}

/** For each byte of a word, the sum of the matrix's rows that it stands for. */
export function fillTables(m: usize, tables: usize): void {
  for (let byte: u32 = 0; byte < 8; byte++) {
    const table = tables + <usize>byte * 2048;
    set64(table, 0, 0);
    for (let value: u32 = 1; value < 256; value++) {
      set64(table, value, get64(table, value & (value - 1)) ^ get64(m, 8 * byte + ctz(value)));
    }
  }
}

function fillPairs(left: usize, right: usize, tables: usize): void {
  for (let byte: u32 = 0; byte < 8; byte++) {
    const table = tables + <usize>byte * 4096;
    v128.store(table, i64x2.splat(0));
    for (let value: u32 = 1; value < 256; value++) {
      const row = 8 * byte + ctz(value);
      const pair = i64x2.replace_lane(i64x2.splat(get64(left, row)), 1, get64(right, row));
      v128.store(table + (<usize>value << 4), v128.xor(v128.load(table + (<usize>(value & (value - 1)) << 4)), pair));
    }
  }
}

// @ts-ignore: decorator
@inline
export function lookUp(tables: usize, bits: u64): u64 {
  return (
    load<u64>(tables + ((<usize>bits & 255) << 3)) ^
    load<u64>(tables + ((<usize>(bits >> 8) & 255) << 3), 2048) ^
    load<u64>(tables + ((<usize>(bits >> 16) & 255) << 3), 2 * 2048) ^
    load<u64>(tables + ((<usize>(bits >> 24) & 255) << 3), 3 * 2048) ^
    load<u64>(tables + ((<usize>(bits >> 32) & 255) << 3), 4 * 2048) ^
    load<u64>(tables + ((<usize>(bits >> 40) & 255) << 3), 5 * 2048) ^
    load<u64>(tables + ((<usize>(bits >> 48) & 255) << 3), 6 * 2048) ^
    load<u64>(tables + (<usize>(bits >> 56) << 3), 7 * 2048)
  );
}

// Matrices of 64 by 64 bits.

/** A new one of zeros. */
export function square(): usize {
  return reserve(64 * 8);
}

export function copySquare(to: usize, from: usize): void {
  memory.copy(to, from, 64 * 8);
}

/** to = a b. `to` is neither of them. */
export function multiplySquares(to: usize, a: usize, b: usize): void {
  for (let row: u32 = 0; row < 64; row++) {
    let sum: u64 = 0;
    for (let bits = get64(a, row); bits !== 0; bits &= bits - 1) sum ^= get64(b, <u32>ctz(bits));
    set64(to, row, sum);
  }
}

/** to = a^T b. `to` is neither of them. */
export function multiplyTransposed(to: usize, a: usize, b: usize): void {
  memory.fill(to, 0, 64 * 8);
  for (let row: u32 = 0; row < 64; row++) {
    for (let bits = get64(a, row); bits !== 0; bits &= bits - 1) {
      const place = <u32>ctz(bits);
      set64(to, place, get64(to, place) ^ get64(b, row));
    }
  }
}

export function addSquare(to: usize, by: usize): void {
  for (let row: u32 = 0; row < 64; row++) set64(to, row, get64(to, row) ^ get64(by, row));
}

export function addIdentity(to: usize): void {
  for (let row: u32 = 0; row < 64; row++) set64(to, row, get64(to, row) ^ (<u64>1 << row));
}

/** Clears the columns that are not in the mask. */
export function maskSquare(to: usize, mask: u64): void {
  for (let row: u32 = 0; row < 64; row++) set64(to, row, get64(to, row) & mask);
}

export function isZeroSquare(at: usize): bool {
  let any: u64 = 0;
  for (let row: u32 = 0; row < 64; row++) any |= get64(at, row);
  return any === 0;
}
