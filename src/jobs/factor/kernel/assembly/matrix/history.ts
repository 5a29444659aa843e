// Which columns were added to which, in the order in which it was done. Read backwards it turns a sum of merged columns
// into a sum of those that were given, so nobody has to keep what each merged column is made of.

import { get32, get64, reserve, set32, set64 } from './memory';

/** Pairs in one piece of the history. A piece begins with the address of the one before it. */
const PIECE: u32 = 65536;

let pieceAt: usize = 0;
let used: u32 = PIECE;

/** Notes that column `by` was added to `column`. */
export function note(column: u32, by: u32): void {
  if (used === PIECE) {
    const before = pieceAt;
    pieceAt = reserve(16 + <usize>PIECE * 8);
    store<usize>(pieceAt, before);
    used = 0;
  }
  set32(pieceAt + 16, 2 * used, column);
  set32(pieceAt + 16, 2 * used + 1, by);
  used++;
}

/** From a word for each merged column, whose bit k says that it is in sum k, to the same for those that were given. */
export function expand(wordsAt: usize): void {
  let at = pieceAt;
  let pairs = used;
  while (at !== 0) {
    while (pairs > 0) {
      pairs--;
      const column = get32(at + 16, 2 * pairs);
      const by = get32(at + 16, 2 * pairs + 1);
      set64(wordsAt, by, get64(wordsAt, by) ^ get64(wordsAt, column));
    }
    at = load<usize>(at);
    pairs = PIECE;
  }
}
