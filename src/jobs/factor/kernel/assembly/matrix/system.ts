// The merged matrix in the form in which it is solved: columns of places of sparse rows, and words of dense rows.

import {
  columnCount,
  DENSE_WORDS,
  denseRows,
  dropLists,
  entryOf,
  isDense,
  isGone,
  lengthOf,
  liveColumns,
  liveEntries,
  rowCount,
  weightOf,
  wordOf,
} from './columns';
import { get32, get64, reserve, set32, set64 } from './memory';

/** 64 rows become a word of dense rows when they have so many entries a column: less than two look-ups of 8 bytes. */
const DENSE_PAYS: u64 = 7;

/** Columns, sparse rows, and words of dense rows. */
export let width: u32 = 0;
export let sparseRows: u32 = 0;
export let denseWords: u32 = 0;

/** Which column each column was. */
export let originsAt: usize = 0;
/** Entries of a column are from starts[c] to starts[c + 1]; each has 2 bytes when `isNarrow`, or 4. */
export let startsAt: usize = 0;
export let entriesAt: usize = 0;
export let isNarrow: bool = false;
/** Words of dense rows, one array of the width after another. */
export let denseAt: usize = 0;

/** For each row its place among the sparse ones, or HEAVY and the place of its bit. */
let placesAt: usize = 0;
const HEAVY: u32 = 0x80000000;

/** All rows, with those that only fill the last word. */
export function height(): u32 {
  return sparseRows + 64 * denseWords;
}

export function build(): void {
  dropLists();
  width = liveColumns;
  originsAt = reserve(<usize>width * 4);
  startsAt = reserve((<usize>width + 1) * 4);
  placesAt = reserve(<usize>rowCount * 4);
  denseWords = (denseRows + 63) / 64;
  rankRows();
  isNarrow = sparseRows <= 65536;
  denseAt = reserve(<usize>width * 8 * denseWords);
  entriesAt = reserve(<usize>liveEntries * (isNarrow ? 2 : 4) + 16);
  let filled: u32 = 0;
  let at: u32 = 0;
  for (let column: u32 = 0; column < columnCount; column++) {
    if (isGone(column)) continue;
    set32(originsAt, at, column);
    filled = isNarrow ? fill<u16>(column, at, filled) : fill<u32>(column, at, filled);
    at++;
    set32(startsAt, at, filled);
  }
}

/** The heaviest rows come first, so that what is used most is near together; the heaviest of all become dense. */
function rankRows(): void {
  // Rows by weight, by counting: first how many are heavier than each weight.
  const countsAt = reserve((<usize>width + 2) * 4);
  for (let row: u32 = 0; row < rowCount; row++) {
    if (isDense(row) || weightOf(row) === 0) continue;
    set32(countsAt, weightOf(row), get32(countsAt, weightOf(row)) + 1);
  }
  let heavier: u32 = 0;
  for (let weight = width; weight > 0; weight--) {
    const count = get32(countsAt, weight);
    set32(countsAt, weight, heavier);
    heavier += count;
  }
  for (let row: u32 = 0; row < rowCount; row++) {
    if (isDense(row) || weightOf(row) === 0) continue;
    const place = get32(countsAt, weightOf(row));
    set32(countsAt, weightOf(row), place + 1);
    set32(placesAt, row, place);
  }
  const moved = denseAmong(heavier);
  sparseRows = heavier - moved;
  for (let row: u32 = 0; row < rowCount; row++) {
    const place = get32(placesAt, row);
    set32(placesAt, row, place < moved ? HEAVY | (64 * denseWords + place) : place - moved);
  }
  denseWords += moved / 64;
}

/** How many of the rows that rank first are better dense: 64 at a time. */
function denseAmong(ranked: u32): u32 {
  const weightsAt = reserve(<usize>ranked * 4);
  for (let row: u32 = 0; row < rowCount; row++) {
    if (!isDense(row) && weightOf(row) > 0) set32(weightsAt, get32(placesAt, row), weightOf(row));
  }
  let moved: u32 = 0;
  while (moved + 64 <= ranked) {
    let weight: u64 = 0;
    for (let place = moved; place < moved + 64; place++) weight += get32(weightsAt, place);
    if (weight < DENSE_PAYS * width) break;
    moved += 64;
  }
  return moved;
}

/** Writes a column's sparse places from `filled` on, ascending, and its dense bits; returns where it ends. */
function fill<T>(column: u32, at: u32, filled: u32): u32 {
  for (let word: u32 = 0; word < min(DENSE_WORDS, (denseRows + 63) / 64); word++) {
    set64(denseAt, word * width + at, wordOf(column, word));
  }
  const first = filled;
  for (let i: u32 = 0; i < lengthOf(column); i++) {
    const place = get32(placesAt, entryOf(column, i));
    if (place & HEAVY) {
      const bit = place ^ HEAVY;
      const word = (bit >> 6) * width + at;
      set64(denseAt, word, get64(denseAt, word) | (<u64>1 << (bit & 63)));
      continue;
    }
    let to = filled++;
    for (; to > first && entry<T>(to - 1) > place; to--) setEntry<T>(to, <T>entry<T>(to - 1));
    setEntry<T>(to, <T>place);
  }
  return filled;
}

// @ts-ignore: decorator
@inline
function entry<T>(place: u32): u32 {
  return <u32>load<T>(entriesAt + <usize>place * sizeof<T>());
}

// @ts-ignore: decorator
@inline
function setEntry<T>(place: u32, value: T): void {
  store<T>(entriesAt + <usize>place * sizeof<T>(), value);
}

/** The place of the sparse row that an entry is. */
export function entryAt(place: u32): u32 {
  return isNarrow ? entry<u16>(place) : entry<u32>(place);
}
