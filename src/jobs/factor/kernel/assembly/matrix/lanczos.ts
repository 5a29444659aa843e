// Block Lanczos over GF(2) with blocks of 64 vectors: P. L. Montgomery, A Block Lanczos Algorithm for Finding
// Dependencies over GF(2), Eurocrypt 1995. Names follow the paper: A = B'B, V_i, S_i, W_i^inv, D, E, F; ' stands for ^T.

import { get64, reserve, set64 } from './memory';
import { multiplySymmetric } from './product';
import { chooseColumns } from './select';
import { width } from './system';
import {
  addIdentity,
  addSquare,
  copySquare,
  innerProduct,
  innerProducts,
  isZeroSquare,
  maskSquare,
  multiplySquares,
  multiplyTransposed,
  recur,
  square,
} from './words';

export const RUNNING: i32 = 0;
export const DONE: i32 = 1;
export const FAILED: i32 = 2;

/** X - Y: X is summed up into Y, which was random. And V_m once done. */
export let solutionAt: usize = 0;
export let v0: usize = 0;

let v1: usize = 0;
let v2: usize = 0;
let next: usize = 0;
let startAt: usize = 0;

/** V_i' A V_i and V_i' A^2 V_i, and those of i - 1. */
let vav0: usize = 0;
let vav1: usize = 0;
let vaav0: usize = 0;
let vaav1: usize = 0;
/** W_i^inv, of i - 1 and of i - 2. */
let winv0: usize = 0;
let winv1: usize = 0;
let winv2: usize = 0;
/** V_i' V_0, of i - 1 and of i - 2. */
let vv0: usize = 0;
let vv1: usize = 0;
let vv2: usize = 0;
/** S_i' S_i of i - 1 as a mask. */
let mask1: u64 = 0;
let iteration: u32 = 0;

/** All matrices of 64 by 64 bits. */
let squaresAt: usize = 0;
const SQUARES: usize = 16;
let d: usize = 0;
let e: usize = 0;
let f: usize = 0;
let g: usize = 0;
let temporary: usize = 0;
let temporary2: usize = 0;

/** Begins with a block that the seed gives. May be called again with another one. */
export function startLanczos(seed: u64): void {
  if (solutionAt === 0) makeRoom();
  iteration = 0;
  mask1 = ~(<u64>0);
  const bytes = <usize>width * 8;
  memory.fill(squaresAt, 0, SQUARES * 512);
  memory.fill(v1, 0, bytes);
  memory.fill(v2, 0, bytes);
  let state = seed;
  for (let i: u32 = 0; i < width; i++) {
    // SplitMix64 (Steele, Lea and Flood, 2014).
    state += 0x9e3779b97f4a7c15;
    let mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    set64(solutionAt, i, mixed ^ (mixed >> 31));
  }
  multiplySymmetric(solutionAt, v0);
  memory.copy(startAt, v0, bytes);
}

function makeRoom(): void {
  const bytes = <usize>width * 8;
  solutionAt = reserve(bytes);
  v0 = reserve(bytes);
  v1 = reserve(bytes);
  v2 = reserve(bytes);
  next = reserve(bytes);
  startAt = reserve(bytes);
  // One after another: they are cleared together.
  vav0 = square();
  squaresAt = vav0;
  vav1 = square();
  vaav0 = square();
  vaav1 = square();
  winv0 = square();
  winv1 = square();
  winv2 = square();
  vv0 = square();
  vv1 = square();
  vv2 = square();
  d = square();
  e = square();
  f = square();
  g = square();
  temporary = square();
  temporary2 = square();
}

/** About how many steps there will be: each finds 63.2 dimensions on average. */
export function expectedSteps(): u32 {
  return width / 63 + 1;
}

/** Up to that many steps. */
export function lanczosSteps(steps: u32): i32 {
  for (let left = steps; left > 0; left--) {
    const state = step();
    if (state !== RUNNING) return state;
  }
  return RUNNING;
}

function step(): i32 {
  // A system of full rank in all 64 vectors ends in time; one that does not is going round in circles.
  if (iteration > 2 * expectedSteps() + 100) return FAILED;
  multiplySymmetric(v0, next);
  innerProducts(next, v0, width, vav0, vaav0);
  if (isZeroSquare(vav0)) return iteration === 0 ? FAILED : DONE;
  const mask0 = chooseColumns(vav0, mask1, winv0);
  // Every vector must be in this subspace or in the one before it.
  if (mask0 === 0 || (mask0 | mask1) !== ~(<u64>0)) return FAILED;
  coefficients(mask0);
  updateStart();
  // X += V_i W_i^inv V_i' V_0
  multiplySquares(g, winv0, vv0);
  recur(width, next, mask0, v0, v1, v2, d, e, f, solutionAt, g);
  shift(mask0);
  iteration++;
  return RUNNING;
}

/**
 * D = I - W_i^inv (V_i' A^2 V_i S_i S_i' + V_i' A V_i)
 * E = - W_(i-1)^inv V_i' A V_i S_i S_i'
 * F = - W_(i-2)^inv (I - V_(i-1)' A V_(i-1) W_(i-1)^inv)
 *       (V_(i-1)' A^2 V_(i-1) S_(i-1) S_(i-1)' + V_(i-1)' A V_(i-1)) S_i S_i'
 */
function coefficients(mask0: u64): void {
  copySquare(temporary, vaav0);
  maskSquare(temporary, mask0);
  addSquare(temporary, vav0);
  multiplySquares(d, winv0, temporary);
  addIdentity(d);

  multiplySquares(e, winv1, vav0);
  maskSquare(e, mask0);

  multiplySquares(temporary, vav1, winv1);
  addIdentity(temporary);
  multiplySquares(temporary2, winv2, temporary);
  copySquare(temporary, vaav1);
  maskSquare(temporary, mask1);
  addSquare(temporary, vav1);
  multiplySquares(f, temporary2, temporary);
  maskSquare(f, mask0);
}

/**
 * V_i' V_0, for the first steps. From i = 2 on V_i' A V_0 = 0, as V_0 is in W_0 + W_1: then `shift` knows it already.
 */
function updateStart(): void {
  if (iteration < 3) innerProduct(v0, startAt, width, vv0);
}

/** Everything of i becomes that of i - 1. */
function shift(mask0: u64): void {
  // V_(i+1)' V_0 = D' V_i' V_0 + E' V_(i-1)' V_0 + F' V_(i-2)' V_0
  multiplyTransposed(temporary, d, vv0);
  multiplyTransposed(temporary2, e, vv1);
  addSquare(temporary, temporary2);
  multiplyTransposed(temporary2, f, vv2);
  addSquare(temporary, temporary2);
  copySquare(vv2, vv1);
  copySquare(vv1, vv0);
  copySquare(vv0, temporary);

  const oldest = v2;
  v2 = v1;
  v1 = v0;
  v0 = next;
  next = oldest;
  const square1 = vav1;
  vav1 = vav0;
  vav0 = square1;
  const square2 = vaav1;
  vaav1 = vaav0;
  vaav0 = square2;
  const square3 = winv2;
  winv2 = winv1;
  winv1 = winv0;
  winv0 = square3;
  mask1 = mask0;
}
