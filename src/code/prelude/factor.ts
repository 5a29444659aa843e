import { DsageError } from '../../model/errors.js';
import { bitsOf } from './arithmetic.js';
import { isPrimeBigInt, sameForm, toBigInt } from './numbers.js';
import type { Integer } from './numbers.js';
import { rho } from './rho.js';

const TRIAL_BOUND = 10_000n;
/** Pollard's rho takes about the root of the smaller factor: a second for 50 bits. */
const LARGEST_BITS = 110;
/**
 * The prime factors of a small number with their exponents, smallest first: `factor(60)` is
 * `[[2, 2], [3, 1], [5, 1]]`, and `factor(1)` is `[]`. Trial division, then Pollard's rho. Throws `invalid-argument` below 1 and for what is too large for one task.
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
  if (bitsOf(number) > LARGEST_BITS) {
    throw new DsageError(
      'invalid-argument',
      `factor() is for small numbers, and the composite ${number} is left.`,
      {
        hint: 'Start a DistributedFactor job for it.',
      },
    );
  }
  const divisor = rho(number);
  collectPrimes(divisor, primes);
  collectPrimes(number / divisor, primes);
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
