// Gaussian elimination with packed rows, for systems that are too small for block Lanczos.

import { get32, get64, reserve, set32, set64 } from './memory';
import { denseAt, denseWords, entryAt, height, sparseRows, startsAt, width } from './system';

/** Writes up to 64 independent solutions as bits of one word a column to `to`; returns how many. */
export function eliminate(to: usize): u32 {
  const rows = height();
  // Two words at a time.
  const words = ((width + 127) / 128) * 2;
  const bitsAt = reserve(<usize>rows * words * 8);
  fill(bitsAt, words);
  /** The column that each row of the reduced matrix begins with. */
  const pivotsAt = reserve(<usize>rows * 4);
  const freeAt = reserve(64 * 4);
  let rank: u32 = 0;
  let free: u32 = 0;
  for (let column: u32 = 0; column < width; column++) {
    if (reduce(bitsAt, words, rows, rank, column)) set32(pivotsAt, rank++, column);
    else if (free < 64) set32(freeAt, free++, column);
  }
  memory.fill(to, 0, <usize>width * 8);
  // One solution for each column that begins no row: the rows that have it say which others it needs.
  for (let k: u32 = 0; k < free; k++) {
    const column = get32(freeAt, k);
    set64(to, column, get64(to, column) | (<u64>1 << k));
    for (let row: u32 = 0; row < rank; row++) {
      const bit = (get64(bitsAt, row * words + (column >> 6)) >> (column & 63)) & 1;
      const pivot = get32(pivotsAt, row);
      set64(to, pivot, get64(to, pivot) | (bit << k));
    }
  }
  return free;
}

function fill(bitsAt: usize, words: u32): void {
  for (let column: u32 = 0; column < width; column++) {
    const bit = <u64>1 << (column & 63);
    for (let i = get32(startsAt, column); i < get32(startsAt, column + 1); i++) {
      setBit(bitsAt, entryAt(i) * words + (column >> 6), bit);
    }
    for (let word: u32 = 0; word < denseWords; word++) {
      for (let bits = get64(denseAt, word * width + column); bits !== 0; bits &= bits - 1) {
        setBit(bitsAt, (sparseRows + 64 * word + <u32>ctz(bits)) * words + (column >> 6), bit);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function setBit(bitsAt: usize, place: u32, bit: u64): void {
  set64(bitsAt, place, get64(bitsAt, place) | bit);
}

/** Makes a row with the column the next one, and clears the column in all others. Returns false when there is none. */
function reduce(bitsAt: usize, words: u32, rows: u32, rank: u32, column: u32): bool {
  const word = column >> 6;
  const shift = column & 63;
  let pivot = rank;
  while (pivot < rows && ((get64(bitsAt, pivot * words + word) >> shift) & 1) === 0) pivot++;
  if (pivot === rows) return false;
  const from = bitsAt + <usize>rank * words * 8;
  if (pivot !== rank) exchange(from, bitsAt + <usize>pivot * words * 8, words);
  for (let row: u32 = 0; row < rows; row++) {
    if (row === rank || ((get64(bitsAt, row * words + word) >> shift) & 1) === 0) continue;
    const to = bitsAt + <usize>row * words * 8;
    for (let place = <usize>(word & ~1) * 8; place < <usize>words * 8; place += 16) {
      v128.store(to + place, v128.xor(v128.load(to + place), v128.load(from + place)));
    }
  }
  return true;
}

function exchange(a: usize, b: usize, words: u32): void {
  for (let place: usize = 0; place < <usize>words * 8; place += 8) {
    const value = load<u64>(a + place);
    store<u64>(a + place, load<u64>(b + place));
    store<u64>(b + place, value);
  }
}
