// Structured Gaussian elimination: a row of weight 1 goes with its column; of the columns of a row of weight w the
// lightest is added to the w - 1 others, and goes with the row. Cheap merges come first, and dearer ones only while the
// smaller dimension saves more in block Lanczos than the added entries cost.

import {
  add,
  columnCount,
  columnOf,
  denseRows,
  isDense,
  isGone,
  isListed,
  lengthOf,
  listRows,
  liveColumns,
  liveEntries,
  MOST_LISTED,
  remove,
  rowCount,
  weightOf,
} from './columns';
import { note } from './history';
import { get32, reserve, set32 } from './memory';

/**
 * What block Lanczos does for one column besides its entries, in entries. Between 24 and 60, and with steps from 6 to
 * 12, the time for 80 digits differs by less than a tenth.
 */
const COLUMN_COST: i32 = 48;
/** How dear a merge may be, in entries that it adds: from level to level. */
const LEVEL_STEP: i32 = 8;
/** A level is done again while it merges more than one of so many columns. */
const WORTH_AGAIN: u32 = 200;

let level: i32 = 0;
let isFull: bool = false;
let excess: u32 = 0;

/** How many more columns than rows are to be left. */
export function setExcess(wanted: u32): void {
  excess = wanted;
}

/** One sweep over all rows. Returns false when there is no more to gain. */
export function mergeStep(): bool {
  let merged: u32 = 0;
  for (let row: u32 = 0; row < rowCount && !isFull; row++) {
    if (isDense(row) || !isListed(row)) continue;
    const weight = weightOf(row);
    if (weight === 0 || weight > MOST_LISTED) continue;
    if (weight === 1) {
      remove(columnOf(row, 0));
      merged++;
    } else if (merge(row, weight)) {
      merged++;
    }
  }
  if (!isFull && merged > liveColumns / WORTH_AGAIN) return true;
  const mostDear = <i32>(liveEntries / max(liveColumns, 1)) + COLUMN_COST;
  const dropped = dropExcess(level === 0 || level + LEVEL_STEP > mostDear);
  if (!isFull) listRows();
  if (dropped > 0) return true;
  level += LEVEL_STEP;
  return !isFull && level <= mostDear;
}

/** Merges the columns of a row when that is cheap enough. */
function merge(row: u32, weight: u32): bool {
  let pivot = columnOf(row, 0);
  for (let place: u32 = 1; place < weight; place++) {
    if (lengthOf(columnOf(row, place)) < lengthOf(pivot)) pivot = columnOf(row, place);
  }
  const length = <i32>lengthOf(pivot);
  if ((<i32>weight - 1) * (length - 2) - length > level) return false;
  // Each addition takes a column from the row's list.
  for (let left = weight; left > 1; left--) {
    const column = columnOf(row, 0) === pivot ? columnOf(row, 1) : columnOf(row, 0);
    if (!add(column, pivot)) {
      isFull = true;
      return false;
    }
    note(column, pivot);
  }
  remove(pivot);
  return true;
}

/** Takes out the heaviest of the columns that are too many: all of these, or half. Returns how many. */
function dropExcess(all: bool): u32 {
  let rows = denseRows;
  for (let row: u32 = 0; row < rowCount; row++) rows += <u32>(!isDense(row) && weightOf(row) > 0);
  const least = rows + excess;
  if (liveColumns <= least) return 0;
  const tooMany = liveColumns - least;
  const wanted = all ? tooMany : (tooMany + 1) / 2;
  let left = wanted;
  const limit = lengthOfHeaviest(wanted);
  for (let column: u32 = 0; column < columnCount && left > 0; column++) {
    if (isGone(column) || lengthOf(column) < limit) continue;
    remove(column);
    left--;
  }
  return wanted - left;
}

const LONGEST: u32 = 4096;
let histogramAt: usize = 0;

/** The length that at least so many columns have, and as few more as possible. */
function lengthOfHeaviest(wanted: u32): u32 {
  if (histogramAt === 0) histogramAt = reserve(<usize>LONGEST * 4);
  memory.fill(histogramAt, 0, <usize>LONGEST * 4);
  for (let column: u32 = 0; column < columnCount; column++) {
    if (isGone(column)) continue;
    const length = min(lengthOf(column), LONGEST - 1);
    set32(histogramAt, length, get32(histogramAt, length) + 1);
  }
  let length = LONGEST;
  let seen: u32 = 0;
  while (length > 0 && seen < wanted) {
    length--;
    seen += get32(histogramAt, length);
  }
  return length;
}
