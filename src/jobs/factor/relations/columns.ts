import type { SieveBase } from '../sieve/base.js';
import { Numbering } from './numbering.js';
import { RelationReader } from './packed.js';
import { SeenValues } from './seen-values.js';

/** A sparse matrix modulo 2: column c has ones in the rows that `entries` has from starts[c] to starts[c + 1], ascending. */
export interface Columns {
  readonly count: number;
  readonly rows: number;
  /** At least count + 1 long, from 0 on. */
  readonly starts: Uint32Array;
  readonly entries: Uint32Array;
}

/** Gives arrays for so many columns, that is one place more, and for so many entries. */
export type RoomFor = (columns: number, entries: number) => Pick<Columns, 'starts' | 'entries'>;

/** Most rows of a column beside those of its factors: the sign, two large primes, and one for what is there twice. */
const MOST_OTHERS = 4;

/**
 * One column for each relation, with ones for what divides it to an odd power: row 0 is the sign, then come the base's primes,
 * and then the large primes as they are met. A relation with the |u| of one before has a row of its own, so that no
 * dependency has it. Entries are written to the room that was given and nowhere else: there may be millions.
 */
export function columnsOf(base: SieveBase, packed: Uint8Array, roomFor: RoomFor = newRoom): Columns {
  const { columns: count, entries: most } = sizeOf(base, packed);
  const { starts, entries } = roomFor(count, most);
  const reader = new RelationReader(base, packed);
  const seen = new SeenValues();
  const large = new Numbering();
  const firstLarge = base.primes.length + 1;
  // A key that no large prime has, for each relation that is there twice.
  let nextKey = 0xffffffff;
  let filled = 0;
  const put = (row: number): void => {
    entries[filled++] = row;
  };
  starts[0] = 0;
  for (let column = 1; reader.next(); column += 1) {
    if (reader.isNegative) put(0);
    putOddFactors(reader, put);
    const { large0, large1 } = reader;
    const rows = large0 === large1 ? [] : [large0, large1].filter((prime) => prime > 1);
    const isRepeated = !seen.add(reader.lowestWord, reader.secondWord);
    if (isRepeated) rows.push(nextKey--);
    rows
      .map((key) => firstLarge + large.numberOf(key))
      .sort((a, b) => a - b)
      .forEach(put);
    starts[column] = filled;
  }
  return { count, rows: firstLarge + large.size, starts, entries };
}

function newRoom(columns: number, entries: number): Pick<Columns, 'starts' | 'entries'> {
  return { starts: new Uint32Array(columns + 1), entries: new Uint32Array(entries) };
}

/** How many columns there will be, and how many entries at most. */
function sizeOf(base: SieveBase, packed: Uint8Array): { columns: number; entries: number } {
  const reader = new RelationReader(base, packed);
  let columns = 0;
  let entries = 0;
  const count = (): void => {
    entries += 1;
  };
  while (reader.next()) {
    putOddFactors(reader, count);
    columns += 1;
  }
  return { columns, entries: entries + MOST_OTHERS * columns };
}

/** The factors come ascending: of each the last one is put when there is an odd number of them. */
function putOddFactors(reader: RelationReader, put: (row: number) => void): void {
  const { factors, factorCount } = reader;
  for (let place = 0; place < factorCount; place += 1) {
    const factor = factors[place] ?? 0;
    if (place + 1 < factorCount && factors[place + 1] === factor) place += 1;
    else put(1 + factor);
  }
}
