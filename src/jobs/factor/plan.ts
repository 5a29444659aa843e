import { levelsUpTo } from './levels.js';
import type { Level } from './levels.js';

export interface Effort {
  /** No curves with a larger B1. */
  readonly maxB1?: number;
  /** No more curves than this for one composite number, those for what it was part of included. */
  readonly maxCurves?: number;
  /** No composite number with more digits is sieved; none at all where it is 0. */
  readonly maxSieveDigits?: number;
}

/** What is done about a composite number, in this order. */
export interface Plan {
  /** One task does it all, and nothing else is done. */
  readonly isWhole: boolean;
  readonly hasRho: boolean;
  readonly hasMinusOne: boolean;
  readonly levels: readonly Level[];
  /** The last level goes on when its curves are done. */
  readonly isEndless: boolean;
  readonly hasSieve: boolean;
}

/** Rho splits these in less than a second. */
const RHO_DIGITS = 20;
/** One worker sieves these in so short a time that sharing the work would take longer. */
const WHOLE_DIGITS = 52;
/** Sieving more takes longer than a day on a few cores. */
export const MOST_SIEVE_DIGITS = 110;
/** Larger ones are left to the curves unless they are asked for: they take hours. */
export const DEFAULT_SIEVE_DIGITS = 100;
/** From here on P-1 takes a small part of the time that the sieve does. */
const MINUS_ONE_DIGITS = 65;

/**
 * Curves before a sieve, by the digits of the number: they find the small factors of a number that has some, for
 * a twentieth of the time that the sieve takes for one that has none, and from 80 digits on for up to a seventh: what is
 * that large was seldom made of two equal primes.
 */
const BEFORE_SIEVE: readonly (readonly [mostDigits: number, curves: Readonly<Record<number, number>>])[] = [
  [60, { 2_000: 25 }],
  [67, { 2_000: 25, 11_000: 32 }],
  [75, { 2_000: 25, 11_000: 52 }],
  [80, { 2_000: 25, 11_000: 88, 50_000: 40 }],
  [85, { 2_000: 25, 11_000: 88, 50_000: 287, 250_000: 60 }],
  [92, { 2_000: 25, 11_000: 88, 50_000: 287, 250_000: 300 }],
  [Infinity, { 2_000: 25, 11_000: 88, 50_000: 287, 250_000: 682 }],
];

/** Pure: the same for the same number of digits and the same limits. */
export function planFor(digits: number, { maxB1, maxSieveDigits = DEFAULT_SIEVE_DIGITS }: Effort): Plan {
  const hasSieve = digits <= maxSieveDigits;
  const isWhole = digits <= RHO_DIGITS || (hasSieve && digits <= WHOLE_DIGITS);
  const levels = levelsUpTo(maxB1);
  if (isWhole)
    return {
      isWhole,
      ...{ hasRho: false, hasMinusOne: false, levels: [], isEndless: false },
      hasSieve: false,
    };
  if (!hasSieve)
    return {
      ...{ isWhole, hasRho: true, hasMinusOne: true },
      levels,
      isEndless: maxB1 === undefined,
      hasSieve,
    };
  const [, before = {}] = BEFORE_SIEVE.find(([most]) => digits <= most) ?? [];
  return {
    ...{ isWhole, hasRho: false, hasMinusOne: digits >= MINUS_ONE_DIGITS },
    levels: levels
      .map((level) => ({ ...level, curves: Math.min(level.curves, before[level.b1] ?? 0) }))
      .filter(({ curves }) => curves > 0),
    ...{ isEndless: false, hasSieve },
  };
}
