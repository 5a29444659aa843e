// After block Lanczos: of X - Y and V_m, 128 vectors, the sums that the matrix takes to zero, as far as independent.

import { get64, reserve, set64 } from './memory';
import { multiplyMatrix } from './product';
import { height, width } from './system';

/** Which of the 128 vectors are not set aside yet: those of X - Y, and those of V_m. */
let freeX: u64 = 0;
let freeV: u64 = 0;

/** Writes up to 64 solutions as bits of one word a column to `x`; returns how many. */
export function combine(x: usize, v: usize): u32 {
  const rows = height();
  const bx = reserve(<usize>rows * 8);
  const bv = reserve(<usize>rows * 8);
  multiplyMatrix(x, bx);
  multiplyMatrix(v, bv);
  freeX = ~(<u64>0);
  freeV = ~(<u64>0);
  // Whatever has a row is added to all others that have it, and set aside; what is left over has no row at all.
  for (let row: u32 = 0; row < rows; row++) {
    const pivot = pivotOf(get64(bx, row), get64(bv, row));
    if (pivot === NONE) continue;
    const alsoX = get64(bx, row) & freeX;
    const alsoV = get64(bv, row) & freeV;
    addColumns(bx, bv, rows, pivot, alsoX, alsoV);
    addColumns(x, v, width, pivot, alsoX, alsoV);
  }
  const solvedX = freeX;
  const solvedV = freeV;
  // The same with the coordinates: what is left over is zero, and what was set aside is independent.
  for (let i: u32 = 0; i < width; i++) {
    const pivot = pivotOf(get64(x, i), get64(v, i));
    if (pivot !== NONE) addColumns(x, v, width, pivot, get64(x, i) & freeX, get64(v, i) & freeV);
  }
  return pack(x, v, solvedX & ~freeX, solvedV & ~freeV);
}

const NONE: u32 = 128;

/** The first vector that is not set aside and has this row; it is set aside. */
function pivotOf(x: u64, v: u64): u32 {
  if ((x & freeX) !== 0) {
    const pivot = <u32>ctz(x & freeX);
    freeX &= ~(<u64>1 << pivot);
    return pivot;
  }
  if ((v & freeV) === 0) return NONE;
  const pivot = <u32>ctz(v & freeV);
  freeV &= ~(<u64>1 << pivot);
  return 64 + pivot;
}

/** Adds vector `pivot` to those in the masks. */
function addColumns(x: usize, v: usize, n: u32, pivot: u32, toX: u64, toV: u64): void {
  const from = pivot < 64 ? x : v;
  const bit = pivot & 63;
  for (let i: u32 = 0; i < n; i++) {
    const isSet = 0 - ((get64(from, i) >> bit) & 1);
    set64(x, i, get64(x, i) ^ (toX & isSet));
    set64(v, i, get64(v, i) ^ (toV & isSet));
  }
}

/** Brings the vectors in the masks, the first 64 of them, into the lowest bits of x. */
function pack(x: usize, v: usize, inX: u64, inV: u64): u32 {
  const count = min(<u32>64, <u32>popcnt(inX) + <u32>popcnt(inV));
  for (let i: u32 = 0; i < width; i++) {
    let packed: u64 = 0;
    let place: u64 = 0;
    for (let bits = inX; bits !== 0 && place < count; bits &= bits - 1) {
      packed |= ((get64(x, i) >> ctz(bits)) & 1) << place++;
    }
    for (let bits = inV; bits !== 0 && place < count; bits &= bits - 1) {
      packed |= ((get64(v, i) >> ctz(bits)) & 1) << place++;
    }
    set64(x, i, packed);
  }
  return count;
}
