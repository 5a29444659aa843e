// Dependencies of a sparse matrix modulo 2 whose columns are relations and whose rows are primes. In order of use:
//
//   begin → write starts and entries → prepare → mergeStep until false → build → eliminateAll, or
//   startLanczos → lanczosSteps until done → finishLanczos → the words
//
// With another seed startLanczos may be called again when there was no dependency.
//
// One instance for one matrix.

import {
  begin as beginColumns,
  columnCount,
  entriesAt,
  prepare as prepareColumns,
  rowCount,
  startsAt,
} from './matrix/columns';
import { combine } from './matrix/combine';
import { eliminate } from './matrix/gauss';
import { expand } from './matrix/history';
import { solutionAt, v0 } from './matrix/lanczos';
import { get32, get64, reserve, set64 } from './matrix/memory';
import { setExcess } from './matrix/merge';
import { build as buildSystem, denseWords, originsAt, startsAt as systemStartsAt, width } from './matrix/system';

export { mergeStep } from './matrix/merge';
export { expectedSteps, lanczosSteps, startLanczos } from './matrix/lanczos';

let wordsAt: usize = 0;

/** Makes room for what is given. */
export function begin(columns: u32, entries: u32): void {
  beginColumns(columns, entries);
  wordsAt = reserve(<usize>columns * 8);
}

/** Where to write `columns + 1` places (u32), of which c and c + 1 bound the entries of column c. */
export function startsAddress(): usize {
  return startsAt;
}

/** Where to write rows (u32), ascending and different within a column. */
export function entriesAddress(): usize {
  return entriesAt;
}

/** Takes up what was written. `excess` more columns than rows are kept when there are more. */
export function prepare(rows: u32, excess: u32): void {
  setExcess(excess);
  prepareColumns(rows);
}

/** Ends the merging; returns how many columns are left. */
export function build(): u32 {
  buildSystem();
  return width;
}

/** How many sparse entries and words of dense rows the merged matrix has. */
export function sparseEntries(): u32 {
  return get32(systemStartsAt, width);
}

export function denseWordCount(): u32 {
  return denseWords;
}

/** Solves a small system outright; returns how many dependencies there are. */
export function eliminateAll(): u32 {
  const at = reserve(<usize>width * 8);
  return finish(at, eliminate(at));
}

/** After the last of `lanczosSteps`: returns how many dependencies there are. */
export function finishLanczos(): u32 {
  return finish(solutionAt, combine(solutionAt, v0));
}

/** For each column that was given a word, of which bit k says that it is in dependency k. */
export function wordsAddress(): usize {
  return wordsAt;
}

/** Brings solutions of the system back to the columns that were given; those that do not hold are left out. */
function finish(solutions: usize, count: u32): u32 {
  memory.fill(wordsAt, 0, <usize>columnCount * 8);
  for (let column: u32 = 0; column < width; column++) {
    set64(wordsAt, get32(originsAt, column), get64(solutions, column));
  }
  expand(wordsAt);
  return keep(count === 64 ? wrong() : wrong() | (~(<u64>0) << count));
}

let sumsAt: usize = 0;

/** The dependencies in which some row is left over. */
function wrong(): u64 {
  if (sumsAt === 0) sumsAt = reserve(<usize>rowCount * 8);
  memory.fill(sumsAt, 0, <usize>rowCount * 8);
  for (let column: u32 = 0; column < columnCount; column++) {
    const word = get64(wordsAt, column);
    for (let i = get32(startsAt, column); i < get32(startsAt, column + 1); i++) {
      const row = get32(entriesAt, i);
      set64(sumsAt, row, get64(sumsAt, row) ^ word);
    }
  }
  let any: u64 = 0;
  for (let row: u32 = 0; row < rowCount; row++) any |= get64(sumsAt, row);
  return any;
}

/** Moves the dependencies that are not in the mask to the lowest bits; returns how many. */
function keep(without: u64): u32 {
  const kept = ~without;
  if (kept === ~(<u64>0)) return 64;
  for (let column: u32 = 0; column < columnCount; column++) {
    const word = get64(wordsAt, column);
    let packed: u64 = 0;
    let place: u64 = 0;
    for (let bits = kept; bits !== 0; bits &= bits - 1) packed |= ((word >> ctz(bits)) & 1) << place++;
    set64(wordsAt, column, packed);
  }
  return <u32>popcnt(kept);
}
