/** Reading tables: one value, or a range of keys page by page. */
import type { KeyRange, Table } from './keys.js';

const FIRST_PAGE = 32;
const LARGEST_PAGE = 4096;
/** A page of large values ends early, so that a reader of a few does not copy all. */
const PAGE_BYTES = 1_048_576;

export interface Entry {
  readonly key: Buffer;
  readonly value: Uint8Array;
}

/**
 * The value at a key, in a buffer of the caller's own. `table.get` gives each value an ArrayBuffer to itself,
 * which takes twice as long as copying into Node's pool.
 */
export function readValue(table: Table, key: Buffer): Buffer | undefined {
  const shared = table.getBinaryFast(key);
  if (shared === undefined) return undefined;
  // lmdb reuses this buffer and sets its `length`; its byteLength is that of the whole.
  const copy = Buffer.allocUnsafe(shared.length);
  copy.set(shared.subarray(0, shared.length));
  return copy;
}

/**
 * Entries of a range in order. Each page is read at once and no transaction stays open in between: a reader
 * that takes minutes, such as a client on a slow line, neither keeps old pages alive nor misses a key.
 */
export function* scanEntries(table: Table, range: KeyRange): Generator<Entry> {
  let start: Buffer | undefined = range.start;
  for (let limit = FIRST_PAGE; start !== undefined; limit = Math.min(2 * limit, LARGEST_PAGE)) {
    const page = readPage(table, { start, end: range.end, limit });
    yield* page;
    const last: Entry | undefined = page.at(-1);
    start = last === undefined ? undefined : behind(last.key);
  }
}

/** Only the keys of a range, in order or backwards: several times as fast as the entries. */
export function* scanKeys(
  table: Table,
  range: KeyRange,
  options: { reverse?: boolean } = {},
): Generator<Buffer> {
  let { start, end } = range;
  for (let limit = FIRST_PAGE; ; limit = Math.min(2 * limit, LARGEST_PAGE)) {
    const page = readKeys(table, { start, end }, { limit, reverse: options.reverse === true });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    if (options.reverse === true) end = last;
    else start = behind(last);
  }
}

/** At most `limit` keys of a range, at once. */
export function readKeys(
  table: Table,
  range: KeyRange,
  options: { readonly limit: number; readonly reverse?: boolean },
): Buffer[] {
  const keys: Buffer[] = [];
  if (Buffer.compare(range.start, range.end) >= 0) return keys;
  if (options.reverse !== true) {
    for (const key of table.getKeys({ start: range.start, end: range.end, limit: options.limit }))
      keys.push(key);
    return keys;
  }
  // Backwards lmdb starts at a key, inclusive, and ends behind one, exclusive; our ranges are the other way round.
  const backwards = { start: range.end, reverse: true, limit: options.limit + 1 };
  for (const key of table.getKeys(backwards)) {
    if (Buffer.compare(key, range.start) < 0 || keys.length === options.limit) break;
    if (Buffer.compare(key, range.end) < 0) keys.push(key);
  }
  return keys;
}

function readPage(table: Table, page: KeyRange & { readonly limit: number }): Entry[] {
  const entries: Entry[] = [];
  let bytes = 0;
  for (const entry of table.getRange({ start: page.start, end: page.end, limit: page.limit })) {
    entries.push(entry);
    bytes += entry.value.length;
    if (bytes >= PAGE_BYTES) break;
  }
  return entries;
}

/** The smallest key behind this one. */
function behind(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}
