// The matrix modulo 2 while its columns are merged. A column is a relation, or a sum of some; a row is a prime that
// divides it to an odd power. The heaviest rows are bits of a few words in every column ("dense"); all others are in
// lists of the rows that a column has, ascending ("sparse"), in one pool. A list in the pool begins with its column's
// number and its length.

import { get32, get64, giveBack, reserve, set32, set64 } from './memory';

/** 64-bit words of dense rows in every column while merging. */
export const DENSE_WORDS: u32 = 2;
/** Rows up to this weight know their columns. */
export const MOST_LISTED: u32 = 16;
/** Instead of a row's weight: it is dense. */
const DENSE: u32 = 0x80000000;
const HEADER: u32 = 2;
const GONE: u32 = 0xffffffff;

export let rowCount: u32 = 0;
export let columnCount: u32 = 0;
/** What was given: entries of column c are from starts[c] to starts[c + 1]. */
export let startsAt: usize = 0;
export let entriesAt: usize = 0;

/** How many columns and sparse entries are left. */
export let liveColumns: u32 = 0;
export let liveEntries: u32 = 0;
/** Dense rows that have entries. */
export let denseRows: u32 = 0;

/** For each row its weight, or DENSE and its bit's place. */
let weightAt: usize = 0;
/** 1 when the list of a row's columns is right. */
let isListedAt: usize = 0;
let listsAt: usize = 0;

let poolAt: usize = 0;
let poolEnd: u32 = 0;
let poolSize: u32 = 0;
/** For each column where its entries begin in the pool, or GONE, how many they are, and its dense words. */
let placeAt: usize = 0;
let lengthAt: usize = 0;
let wordsAt: usize = 0;

/** Makes room for what is given. */
export function begin(columns: u32, entries: u32): void {
  columnCount = columns;
  startsAt = reserve((<usize>columns + 1) * 4);
  entriesAt = reserve(<usize>entries * 4);
}

/** Takes up what was written: entries are less than `rows`. */
export function prepare(rows: u32): void {
  rowCount = rows;
  const entries = get32(startsAt, columnCount);
  weightAt = reserve(<usize>rowCount * 4);
  isListedAt = reserve(rowCount);
  listsAt = reserve(<usize>rowCount * MOST_LISTED * 4);
  placeAt = reserve(<usize>columnCount * 4);
  lengthAt = reserve(<usize>columnCount * 4);
  wordsAt = reserve(<usize>columnCount * 8 * DENSE_WORDS);
  for (let i: u32 = 0; i < entries; i++) {
    const row = get32(entriesAt, i);
    set32(weightAt, row, get32(weightAt, row) + 1);
  }
  chooseDense();
  poolSize = 2 * (sparseEntries() + HEADER * columnCount) + 65536;
  poolAt = reserve(<usize>poolSize * 4);
  fill();
  listRows();
}

/** The heaviest rows, as many as there are bits: the least weight for which they fit is found by halving. */
function chooseDense(): void {
  let low: u32 = 1;
  let high: u32 = columnCount + 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    let heavier: u32 = 0;
    for (let row: u32 = 0; row < rowCount; row++) heavier += <u32>(get32(weightAt, row) >= middle);
    if (heavier <= 64 * DENSE_WORDS) high = middle;
    else low = middle + 1;
  }
  for (let row: u32 = 0; row < rowCount; row++) {
    if (get32(weightAt, row) >= low) set32(weightAt, row, DENSE | denseRows++);
  }
}

function sparseEntries(): u32 {
  let sum: u32 = 0;
  for (let row: u32 = 0; row < rowCount; row++) if (!isDense(row)) sum += weightOf(row);
  return sum;
}

function fill(): void {
  for (let column: u32 = 0; column < columnCount; column++) {
    const place = poolEnd + HEADER;
    let length: u32 = 0;
    for (let i = get32(startsAt, column); i < get32(startsAt, column + 1); i++) {
      const row = get32(entriesAt, i);
      const weight = get32(weightAt, row);
      if (weight & DENSE) flip(column, weight ^ DENSE);
      else set32(poolAt, place + length++, row);
    }
    settle(column, place, length);
    liveEntries += length;
  }
  liveColumns = columnCount;
}

function flip(column: u32, bit: u32): void {
  const place = column * DENSE_WORDS + (bit >> 6);
  set64(wordsAt, place, get64(wordsAt, place) ^ (<u64>1 << (bit & 63)));
}

/** Makes what stands at the pool's end a column's list. */
function settle(column: u32, place: u32, length: u32): void {
  set32(poolAt, place - 2, column);
  set32(poolAt, place - 1, length);
  set32(placeAt, column, place);
  set32(lengthAt, column, length);
  poolEnd = place + length;
}

/** Lists the columns of rows that were too heavy for it before. */
export function listRows(): void {
  for (let row: u32 = 0; row < rowCount; row++) {
    // 2 while its list is being made; its weight is the length that the list will have.
    if (load<u8>(isListedAt + row) === 0 && get32(weightAt, row) <= MOST_LISTED) store<u8>(isListedAt + row, 2);
  }
  const filledAt = cursorsAt();
  for (let column: u32 = 0; column < columnCount; column++) {
    if (isGone(column)) continue;
    const place = get32(placeAt, column);
    const end = place + get32(lengthAt, column);
    for (let i = place; i < end; i++) {
      const row = get32(poolAt, i);
      if (load<u8>(isListedAt + row) !== 2) continue;
      const filled = load<u8>(filledAt + row);
      set32(listsAt, row * MOST_LISTED + filled, column);
      store<u8>(filledAt + row, filled + 1);
    }
  }
  for (let row: u32 = 0; row < rowCount; row++) {
    if (load<u8>(isListedAt + row) === 2) store<u8>(isListedAt + row, 1);
  }
}

let cursors: usize = 0;

function cursorsAt(): usize {
  if (cursors === 0) cursors = reserve(rowCount);
  memory.fill(cursors, 0, rowCount);
  return cursors;
}

/** Ends the merging: nobody may ask for the columns of a row any more. */
export function dropLists(): void {
  giveBack(listsAt, <usize>rowCount * MOST_LISTED * 4);
}

export function isGone(column: u32): bool {
  return get32(placeAt, column) === GONE;
}

export function isDense(row: u32): bool {
  return (get32(weightAt, row) & DENSE) !== 0;
}

/** The weight of a sparse row. */
export function weightOf(row: u32): u32 {
  return get32(weightAt, row);
}

/** Whether `columnOf` may be asked for the row's columns. */
export function isListed(row: u32): bool {
  return load<u8>(isListedAt + row) !== 0;
}

export function columnOf(row: u32, place: u32): u32 {
  return get32(listsAt, row * MOST_LISTED + place);
}

/** How many sparse rows a column has. */
export function lengthOf(column: u32): u32 {
  return get32(lengthAt, column);
}

export function entryOf(column: u32, place: u32): u32 {
  return get32(poolAt, get32(placeAt, column) + place);
}

export function wordOf(column: u32, word: u32): u64 {
  return get64(wordsAt, column * DENSE_WORDS + word);
}

/** Takes a column out. */
export function remove(column: u32): void {
  const place = get32(placeAt, column);
  const length = get32(lengthAt, column);
  for (let i: u32 = 0; i < length; i++) lose(get32(poolAt, place + i), column);
  set32(placeAt, column, GONE);
  liveColumns--;
  liveEntries -= length;
}

/** Adds the column `by` to another one. Returns false, and does nothing, when the pool is full. */
export function add(column: u32, by: u32): bool {
  if (poolEnd + HEADER + get32(lengthAt, column) + get32(lengthAt, by) > poolSize) {
    compact();
    if (poolEnd > poolSize - poolSize / 4) return false;
  }
  let a = poolAt + (<usize>get32(placeAt, column) << 2);
  let b = poolAt + (<usize>get32(placeAt, by) << 2);
  const aEnd = a + (<usize>get32(lengthAt, column) << 2);
  const bEnd = b + (<usize>get32(lengthAt, by) << 2);
  const place = poolEnd + HEADER;
  let to = poolAt + (<usize>place << 2);
  const toStart = to;
  while (a < aEnd && b < bEnd) {
    const rowA = load<u32>(a);
    const rowB = load<u32>(b);
    if (rowA === rowB) {
      lose(rowA, column);
      a += 4;
      b += 4;
    } else if (rowA < rowB) {
      store<u32>(to, rowA);
      to += 4;
      a += 4;
    } else {
      gain(rowB, column);
      store<u32>(to, rowB);
      to += 4;
      b += 4;
    }
  }
  for (; a < aEnd; a += 4, to += 4) store<u32>(to, load<u32>(a));
  for (; b < bEnd; b += 4, to += 4) {
    gain(load<u32>(b), column);
    store<u32>(to, load<u32>(b));
  }
  const length = <u32>((to - toStart) >> 2);
  liveEntries += length - get32(lengthAt, column);
  settle(column, place, length);
  for (let word: u32 = 0; word < DENSE_WORDS; word++) {
    const at = column * DENSE_WORDS + word;
    set64(wordsAt, at, get64(wordsAt, at) ^ get64(wordsAt, by * DENSE_WORDS + word));
  }
  return true;
}

function gain(row: u32, column: u32): void {
  const weight = get32(weightAt, row);
  set32(weightAt, row, weight + 1);
  if (load<u8>(isListedAt + row) === 0) return;
  if (weight < MOST_LISTED) set32(listsAt, row * MOST_LISTED + weight, column);
  else store<u8>(isListedAt + row, 0);
}

function lose(row: u32, column: u32): void {
  const weight = get32(weightAt, row) - 1;
  set32(weightAt, row, weight);
  if (load<u8>(isListedAt + row) === 0) return;
  // The last one takes its place.
  const listAt = listsAt + <usize>row * MOST_LISTED * 4;
  let place: u32 = 0;
  while (get32(listAt, place) !== column) place++;
  set32(listAt, place, get32(listAt, weight));
}

/** Moves the lists that are still in use to the pool's beginning, in their order. */
function compact(): void {
  let to: u32 = 0;
  let from: u32 = 0;
  while (from < poolEnd) {
    const column = get32(poolAt, from);
    const room = get32(poolAt, from + 1);
    const place = from + HEADER;
    if (get32(placeAt, column) === place) {
      memory.copy(poolAt + (<usize>to << 2), poolAt + (<usize>from << 2), <usize>(room + HEADER) << 2);
      set32(placeAt, column, to + HEADER);
      to += room + HEADER;
    }
    from = place + room;
  }
  poolEnd = to;
}
