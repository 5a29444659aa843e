import { bitsOf } from '../../../code/prelude/arithmetic.js';
import { primesUpTo, sieveBlock } from '../primes.js';
import { jacobi } from '../jacobi.js';
import { multiplierOf } from './multiplier.js';
import { sieveParameters } from './parameters.js';
import type { SieveParameters } from './parameters.js';

/** What everyone who takes part in sieving one number must agree on: made from n alone, the same everywhere. */
export interface SieveBase {
  /** The number to factor: an odd composite, no perfect power, without small factors. */
  readonly n: bigint;
  /** k, square-free. */
  readonly multiplier: number;
  /** k * n. */
  readonly kn: bigint;
  /** Ascending: 2, then primes p with (kn/p) = 1 or p | k. An index of a prime is its place here. */
  readonly primes: Uint32Array;
  /** Bytes of |u| in a packed relation. */
  readonly valueBytes: number;
  /** A large prime p has primes.at(-1) < p < largePrimeBound <= 2^32. */
  readonly largePrimeBound: number;
  readonly parameters: SieveParameters;
}

/**
 * The base for n, an odd composite without small factors that is no perfect power, of 25 to 100 digits. Other parameters
 * than those of the table are for measuring what others would cost.
 */
export function sieveBase(n: bigint, parameters = sieveParameters(bitsOf(n))): SieveBase {
  const { baseSize, largePrimeMultiplier } = parameters;
  const multiplier = multiplierOf(n);
  const kn = BigInt(multiplier) * n;
  const primes = basePrimes(kn, baseSize);
  return {
    n,
    multiplier,
    kn,
    primes,
    valueBytes: Math.ceil(bitsOf(kn) / 16) + 6,
    largePrimeBound: Math.min(2 ** 32, largePrimeMultiplier * (primes.at(-1) ?? 0)),
    parameters,
  };
}

/** 2 and the first primes modulo which kn is a square, `size` of them, an interval of numbers at a time. */
function basePrimes(kn: bigint, size: number): Uint32Array {
  const primes = new Uint32Array(size);
  primes[0] = 2;
  let count = 1;
  const length = Math.min(1 << 18, 32 * size);
  const digits = digitsOf(kn);
  for (let first = 3; count < size; first += length) {
    const isPrime = sieveBlock(first, length, primesUpTo(Math.ceil(Math.sqrt(first + length))));
    for (let place = 0; place < length && count < size; place += 1) {
      if (isPrime[place] === 0) continue;
      const p = first + place;
      const residue = residueOf(digits, p);
      if (jacobi(residue, p) === -1) continue;
      primes[count] = p;
      count += 1;
    }
  }
  return primes;
}

/** Digits of 2^24, the highest first. */
function digitsOf(n: bigint): readonly number[] {
  const hex = n.toString(16);
  const padded = hex.padStart(6 * Math.ceil(hex.length / 6), '0');
  return Array.from({ length: padded.length / 6 }, (_, place) =>
    parseInt(padded.slice(6 * place, 6 * place + 6), 16),
  );
}

/** The number of these digits modulo p < 2^28: several times faster than by BigInt, for the many primes of a base. */
function residueOf(digits: readonly number[], p: number): number {
  const inverse = 1 / p;
  let rest = 0;
  for (const digit of digits) {
    const value = rest * 2 ** 24 + digit;
    // The quotient may be one too large or too small.
    rest = value - Math.floor(value * inverse) * p;
    if (rest < 0) rest += p;
    else if (rest >= p) rest -= p;
  }
  return rest;
}
