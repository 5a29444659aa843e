import { bitsOf } from '../../../code/prelude/arithmetic.js';
import { jacobi } from '../jacobi.js';
import { primesUpTo } from '../primes.js';

/** Square-free, and odd: with an even multiplier 2 divides no value twice. */
const MULTIPLIERS = [
  1, 3, 5, 7, 11, 13, 15, 17, 19, 21, 23, 29, 31, 33, 35, 37, 39, 41, 43, 47, 51, 53, 55, 57, 59, 61, 65, 67,
  69, 71, 73,
];

const PRIMES = primesUpTo(2_000).slice(1);
/** Below so many bits the sieve takes less time than a choice by all primes. */
const SMALL_BITS = 150;
const PRIMES_FOR_SMALL = 100;

/**
 * The multiplier k for which values of the sieve of k n hold the most of small primes, by the function of Knuth and
 * Schroeppel (Silverman, "The multiple polynomial quadratic sieve", 1987): what each prime adds to the expected
 * logarithm of the smooth part, less what k itself adds to the values.
 *
 * The prime 2 counts as this sieve uses it: with k n = 1 modulo 8 it sieves odd u only, all of whose values are
 * multiples of 8.
 */
export function multiplierOf(n: bigint): number {
  const count = bitsOf(n) < SMALL_BITS ? PRIMES_FOR_SMALL : PRIMES.length;
  const residues = PRIMES.slice(0, count).map((p) => Number(n % BigInt(p)));
  const residue8 = Number(n & 7n);
  let best = { multiplier: 1, score: -Infinity };
  for (const multiplier of MULTIPLIERS) {
    const score = scoreOf(multiplier, residue8, residues);
    if (score > best.score) best = { multiplier, score };
  }
  return best.multiplier;
}

function scoreOf(k: number, residue8: number, residues: readonly number[]): number {
  const twos = [0, 3, 0, 0.5, 0, 1, 0, 0.5][(k * residue8) & 7] ?? 0;
  let score = twos * Math.LN2 - Math.log(k) / 2;
  for (const [place, residueOfN] of residues.entries()) {
    const p = PRIMES[place] ?? 3;
    const residue = (residueOfN * k) % p;
    if (residue === 0) score += Math.log(p) / p;
    else if (jacobi(residue, p) === 1) score += (2 * Math.log(p)) / (p - 1);
  }
  return score;
}
