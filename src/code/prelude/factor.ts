import { DsageError } from '../../model/errors.js';
import { gcd, isPrimeBigInt, sameForm, toBigInt } from './numbers.js';
import type { Integer } from './numbers.js';

const TRIAL_BOUND = 10_000n;
/** Pollard's rho takes about the root of the smaller factor: a second for 50 bits. */
const LARGEST_BITS = 110;
/** Steps whose differences share one gcd. */
const BATCH = 128;

/**
 * The prime factors of a small number with their exponents, smallest first: `factor(60)` is
 * `[[2, 2], [3, 1], [5, 1]]`, and `factor(1)` is `[]`. Trial division, then Pollard's rho in Brent's form
 * (BIT 20, 1980). Throws `invalid-argument` below 1 and for what is too large for one task.
 */
export function factor<T extends Integer>(number: T): [T, number][] {
  let rest = toBigInt(number, 'factor');
  if (rest < 1n)
    throw new DsageError('invalid-argument', `factor(${rest}): a number of at least 1 is asked for.`);
  const primes: bigint[] = [];
  for (
    let divisor = 2n;
    divisor < TRIAL_BOUND && divisor * divisor <= rest;
    divisor += divisor === 2n ? 1n : 2n
  ) {
    for (; rest % divisor === 0n; rest /= divisor) primes.push(divisor);
  }
  collectPrimes(rest, primes);
  primes.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return countEqual(primes).map(([prime, count]) => [sameForm(prime, number), count]);
}

function collectPrimes(number: bigint, primes: bigint[]): void {
  if (number === 1n) return;
  if (isPrimeBigInt(number)) {
    primes.push(number);
    return;
  }
  if (number.toString(2).length > LARGEST_BITS) {
    throw new DsageError(
      'invalid-argument',
      `factor() is for small numbers, and the composite ${number} is left.`,
      {
        hint: 'Start a DistributedFactor job for it.',
      },
    );
  }
  const divisor = findDivisor(number);
  collectPrimes(divisor, primes);
  collectPrimes(number / divisor, primes);
}

/** A proper divisor of a composite number. */
function findDivisor(number: bigint): bigint {
  for (let shift = 1n; ; shift += 1n) {
    const divisor = tryRho(number, shift);
    if (divisor !== number) return divisor;
  }
}

/** Brent's cycle finding over x^2 + shift; the number itself when this shift finds nothing. */
function tryRho(number: bigint, shift: bigint): bigint {
  const next = (x: bigint): bigint => (x * x + shift) % number;
  let fast = 2n;
  for (let length = 1; ; length *= 2) {
    const slow = fast;
    for (let skip = 0; skip < length; skip += 1) fast = next(fast);
    for (let done = 0; done < length; done += BATCH) {
      const start = fast;
      const steps = Math.min(BATCH, length - done);
      let product = 1n;
      for (let step = 0; step < steps; step += 1) {
        fast = next(fast);
        product = (product * distance(slow, fast)) % number;
      }
      const divisor = gcd(product, number);
      if (divisor === 1n) continue;
      // Several factors may have fallen into one product: go through its steps one by one.
      return divisor === number ? stepByStep(number, slow, { start, next }) : divisor;
    }
  }
}

function stepByStep(
  number: bigint,
  slow: bigint,
  { start, next }: { start: bigint; next: (x: bigint) => bigint },
): bigint {
  let divisor = 1n;
  for (let fast = next(start); divisor === 1n; fast = next(fast)) divisor = gcd(distance(slow, fast), number);
  return divisor;
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b;
}

function countEqual(sorted: readonly bigint[]): [bigint, number][] {
  const counts: [bigint, number][] = [];
  for (const prime of sorted) {
    const last = counts.at(-1);
    if (last?.[0] === prime) last[1] += 1;
    else counts.push([prime, 1]);
  }
  return counts;
}
