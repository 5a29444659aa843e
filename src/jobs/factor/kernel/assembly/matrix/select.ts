// S_i and W_i^inv of block Lanczos: which columns of V_i make V_i' A V_i invertible, those not used before first.

import { get64, reserve, set32, set64, get32 } from './memory';

const leftAt = reserve(64 * 8);
const rightAt = reserve(64 * 8);
const orderAt = reserve(64 * 4);

/** From V_i' A V_i and the mask of S_(i-1) makes W_i^inv; returns the mask of S_i (as in Montgomery 1995). */
export function chooseColumns(vav: usize, before: u64, inverseTo: usize): u64 {
  memory.copy(leftAt, vav, 64 * 8);
  for (let row: u32 = 0; row < 64; row++) set64(rightAt, row, <u64>1 << row);
  order(before);
  let chosen: u64 = 0;
  for (let j: u32 = 0; j < 64; j++) {
    const column = get32(orderAt, j);
    if (bringUp(leftAt, j, column)) {
      chosen |= <u64>1 << column;
      clearColumn(leftAt, column);
      continue;
    }
    // The column depends on others: its place in the inverse is emptied.
    if (!bringUp(rightAt, j, column)) return 0;
    clearColumn(rightAt, column);
    set64(leftAt, column, 0);
    set64(rightAt, column, 0);
  }
  memory.copy(inverseTo, rightAt, 64 * 8);
  return chosen;
}

/** Columns that were not used before come first. */
function order(before: u64): void {
  let place: u32 = 0;
  for (let column: u32 = 0; column < 64; column++) {
    if (((before >> column) & 1) === 0) set32(orderAt, place++, column);
  }
  for (let column: u32 = 0; column < 64; column++) {
    if (((before >> column) & 1) === 1) set32(orderAt, place++, column);
  }
}

/** Exchanges the column's row with the first of those not done yet that has the column's bit, on that side. */
function bringUp(side: usize, j: u32, column: u32): bool {
  for (let k = j; k < 64; k++) {
    const row = get32(orderAt, k);
    if (((get64(side, row) >> column) & 1) === 0) continue;
    exchange(leftAt, row, column);
    exchange(rightAt, row, column);
    return true;
  }
  return false;
}

function exchange(side: usize, a: u32, b: u32): void {
  const value = get64(side, a);
  set64(side, a, get64(side, b));
  set64(side, b, value);
}

/** Adds the column's row to all others that have its bit, on that side. */
function clearColumn(side: usize, column: u32): void {
  const left = get64(leftAt, column);
  const right = get64(rightAt, column);
  for (let row: u32 = 0; row < 64; row++) {
    if (row === column || ((get64(side, row) >> column) & 1) === 0) continue;
    set64(leftAt, row, get64(leftAt, row) ^ left);
    set64(rightAt, row, get64(rightAt, row) ^ right);
  }
}
