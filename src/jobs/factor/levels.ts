/** So many curves with this bound, to find factors of so many digits. */
export interface Level {
  readonly digits: number;
  readonly b1: number;
  readonly curves: number;
}

/**
 * The usual levels of ECM: with their curves a factor of that size is missed with a probability of 1/e (Zimmermann and
 * Dodson, "20 years of ECM", ANTS 7, 2006; the table of GMP-ECM's README).
 */
const LEVELS: readonly Level[] = [
  { digits: 15, b1: 2_000, curves: 25 },
  { digits: 20, b1: 11_000, curves: 74 },
  { digits: 25, b1: 50_000, curves: 214 },
  { digits: 30, b1: 250_000, curves: 430 },
  { digits: 35, b1: 1_000_000, curves: 904 },
  { digits: 40, b1: 3_000_000, curves: 2_350 },
  { digits: 45, b1: 11_000_000, curves: 4_480 },
];

/** The levels up to a limit of B1; a limit between two of them is a level of its own. */
export function levelsUpTo(maxB1 = Infinity): readonly Level[] {
  const below = LEVELS.filter(({ b1 }) => b1 <= maxB1);
  const next = LEVELS[below.length];
  if (next === undefined || below.at(-1)?.b1 === maxB1) return below;
  return [...below, { ...next, b1: maxB1 }];
}

/** Where stage 2 ends. Memory bounds it: the plan of a stage 2 is held as a whole. */
export function stageTwoBound(b1: number): number {
  return Math.min(100 * b1, 200_000_000);
}

/** Multiplications modulo n that stage 1 takes for each of its b1, and stage 2 for each prime that it covers. */
const STAGE_ONE = 15.9;
const STAGE_TWO = 0.75;

/** About how long one curve takes, in milliseconds, on a machine of 2020. */
export function curveMs(bits: number, b1: number): number {
  const b2 = stageTwoBound(b1);
  const multiplications = STAGE_ONE * b1 + (STAGE_TWO * b2) / Math.log(b2);
  return (multiplications * multiplicationUs(bits)) / 1000;
}

/** Measured with V8's BigInt: a product and its remainder. */
function multiplicationUs(bits: number): number {
  return 0.35 + bits / 2_000 + (bits / 1_000) ** 2;
}
