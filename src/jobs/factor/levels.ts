import { MOST_BITS, pairsFor } from './kernel/size.js';

/** So many curves with this bound, to find factors of so many digits. */
export interface Level {
  readonly digits: number;
  readonly b1: number;
  readonly curves: number;
}

/**
 * The usual bounds of ECM (Zimmermann and Dodson, "20 years of ECM", ANTS 7, 2006), and the curves with which a factor of
 * that size is missed with a probability of 1/e, for the stage 2 that we have. They are computed from Dickman's function
 * with its first correction, as if group orders were random numbers 23.4 times smaller (the README of GMP-ECM on
 * ECM_EXTRA_SMOOTHNESS; the same computation comes within 3 % of that README's table for its bounds).
 */
const LEVELS: readonly Level[] = [
  { digits: 15, b1: 2_000, curves: 25 },
  { digits: 20, b1: 11_000, curves: 88 },
  { digits: 25, b1: 50_000, curves: 287 },
  { digits: 30, b1: 250_000, curves: 682 },
  { digits: 35, b1: 1_000_000, curves: 1_700 },
  { digits: 40, b1: 3_000_000, curves: 4_910 },
  { digits: 45, b1: 11_000_000, curves: 13_550 },
];

/** The levels up to a limit of B1; a limit between two of them is a level of its own. */
export function levelsUpTo(maxB1 = Infinity): readonly Level[] {
  const below = LEVELS.filter(({ b1 }) => b1 <= maxB1);
  const next = LEVELS[below.length];
  if (next === undefined || below.at(-1)?.b1 === maxB1) return below;
  return [...below, { ...next, b1: maxB1 }];
}

/**
 * Where stage 2 ends. From 80 to 150 times b1 the expected time to a factor is least, and within 2 % of that, on all
 * levels. Memory bounds it: the plan takes 23 MB for the largest.
 */
export function stageTwoBound(b1: number): number {
  return Math.min(100 * b1, 400_000_000);
}

/** Modular products of one curve: 9.0 for each bit of its powers in stage 1, and in stage 2 what plans take. */
function productsOf(b1: number): number {
  const b2 = stageTwoBound(b1);
  const primes = b2 / (Math.log(b2) - 1.08);
  return 9.0 * Math.LOG2E * b1 + 0.6 * primes + 20 * Math.sqrt(b2);
}

/** What a curve takes beside products: inverses, and its share of the number's conversions. */
const OVERHEAD_MS = 0.15;

/**
 * About how long one curve takes, in milliseconds, on a machine of 2023 (Sapphire Rapids at 3.5 GHz): when as many run at
 * once as the kernel can.
 */
export function curveMs(bits: number, b1: number): number {
  return (productsOf(b1) * productNs(bits)) / 1e6 + OVERHEAD_MS;
}

/** Measured: 23 ns for 200 bits, 37 for 266, 105 for 500 and 400 for 1,000 in the kernel; then V8's BigInt. */
function productNs(bits: number): number {
  if (bits > MOST_BITS) return 350 + bits / 2 + (bits / 1_000) ** 2 * 1_000;
  return 6 + 0.25 * pairsFor(bits) ** 2;
}
