// The two steps of a chain, for two kinds of things that can be chained: points of Montgomery curves, and the sequences
// V(m) = x^m + x^-m. Both know the sum of two only with the help of their difference.
//
// A point takes two numbers, X and then Z (P. L. Montgomery, Math. Comp. 48, 1987, section 10.3.1); V takes one.

import { A24, ONE, SCRATCH, TWO } from './layout';
import { products, squares } from './pair';
import { product } from './product';
import { width } from './rows';

let isSequence: bool = false;

/** What the chains from now on are about. */
export function setSequence(yes: bool): void {
  isSequence = yes;
}

// @ts-ignore: decorator
@inline
function scratch(place: usize): usize {
  return SCRATCH + place * width;
}

/** dst = the sum of p and q, whose difference is given. The four may be the same. */
export function plus(dst: usize, p: usize, q: usize, difference: usize): void {
  if (isSequence) {
    product(scratch(0), p, q);
    subtract(scratch(0), scratch(0), difference);
    // One product more keeps the value and its limbs small.
    product(dst, scratch(0), ONE);
    return;
  }
  const z = width;
  const sumP = scratch(0);
  const differenceP = scratch(1);
  const sumQ = scratch(2);
  const differenceQ = scratch(3);
  sumAndDifference(sumP, differenceP, p, p + z);
  sumAndDifference(sumQ, differenceQ, q, q + z);
  products(sumP, sumP, differenceQ, differenceP, differenceP, sumQ);
  sumAndDifference(sumQ, differenceQ, sumP, differenceP);
  squares(sumQ, sumQ, differenceQ, differenceQ);
  // The left factor is the one that may stand where a result goes: both right ones are read first.
  const x = difference;
  products(dst, sumQ, x + z, dst + z, differenceQ, x);
}

/** dst = twice p. The two may be the same. */
export function twice(dst: usize, p: usize): void {
  if (isSequence) {
    product(scratch(0), p, p);
    subtract(scratch(0), scratch(0), TWO);
    product(dst, scratch(0), ONE);
    return;
  }
  const sum = scratch(0);
  const difference = scratch(1);
  const rest = scratch(2);
  sumAndDifference(sum, difference, p, p + width);
  squares(sum, sum, difference, difference);
  subtract(rest, sum, difference);
  const weighted = scratch(3);
  products(dst, sum, difference, weighted, A24, rest);
  add(weighted, weighted, difference);
  product(dst + width, rest, weighted);
}

// Sums and differences of limbs, without carries: see ./rows for what may be done with them.

// @ts-ignore: decorator
@inline
function sumAndDifference(sum: usize, difference: usize, a: usize, b: usize): void {
  for (let at: usize = 0; at < width; at += 16) {
    const x = v128.load(a + at);
    const y = v128.load(b + at);
    v128.store(sum + at, v128.add<i16>(x, y));
    v128.store(difference + at, v128.sub<i16>(x, y));
  }
}

// @ts-ignore: decorator
@inline
function add(dst: usize, a: usize, b: usize): void {
  for (let at: usize = 0; at < width; at += 16) {
    v128.store(dst + at, v128.add<i16>(v128.load(a + at), v128.load(b + at)));
  }
}

// @ts-ignore: decorator
@inline
export function subtract(dst: usize, a: usize, b: usize): void {
  for (let at: usize = 0; at < width; at += 16) {
    v128.store(dst + at, v128.sub<i16>(v128.load(a + at), v128.load(b + at)));
  }
}
