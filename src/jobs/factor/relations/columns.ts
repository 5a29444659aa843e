import type { SieveBase } from '../sieve/base.js';
import { Numbering, withRoom } from './numbering.js';
import { RelationReader } from './packed.js';
import { SeenValues } from './seen-values.js';

/** A sparse matrix modulo 2: column c has ones in the rows that `entries` has from starts[c] to starts[c + 1], ascending. */
export interface Columns {
  readonly count: number;
  readonly rows: number;
  /** At least count + 1 long. */
  readonly starts: Uint32Array;
  readonly entries: Uint32Array;
}

/**
 * One column for each relation, with ones for what divides it to an odd power: row 0 is the sign, then come the base's primes,
 * and then the large primes as they are met. A relation with the |u| of one before has a row of its own, so that no
 * dependency has it.
 */
export function columnsOf(base: SieveBase, packed: Uint8Array): Columns {
  const reader = new RelationReader(base, packed);
  const seen = new SeenValues();
  const large = new Numbering();
  const firstLarge = base.primes.length + 1;
  // A key that no large prime has, for each relation that is there twice.
  let nextKey = 0xffffffff;
  let count = 0;
  let filled = 0;
  let starts = new Uint32Array(1024);
  let entries = new Uint32Array(Math.ceil(packed.length / 5) + 300);
  const put = (row: number): void => {
    entries[filled++] = row;
  };
  while (reader.next()) {
    entries = withRoom(entries, filled + 300);
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
    count += 1;
    starts = withRoom(starts, count);
    starts[count] = filled;
  }
  return { count, rows: firstLarge + large.size, starts, entries };
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
