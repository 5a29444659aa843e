import { gcd, powerModulo } from '../../code/prelude/arithmetic.js';
import { primesUpTo } from './primes.js';

/** Primes whose powers go into one power, and between two gcds. */
const BATCH = 64;

/**
 * A proper divisor of an odd composite number by Pollard's p - 1 (1974): finds a prime p when all prime powers in
 * p - 1 are at most `b1`, but for one prime up to `b2`.
 */
export function pMinusOne(n: bigint, b1: number, b2: number): bigint | undefined {
  const primes = primesUpTo(b2);
  const split = primes.findIndex((prime) => prime > b1);
  const small = split === -1 ? primes : primes.slice(0, split);
  let x = 3n;
  for (let first = 0; first < small.length; first += BATCH) {
    const before = x;
    const batch = small.slice(first, first + BATCH);
    for (const prime of batch) x = powerModulo(x, BigInt(largestPower(prime, b1)), n);
    const divisor = gcd(x - 1n, n);
    if (divisor === 1n) continue;
    if (divisor !== n) return divisor;
    return oneByOne(
      n,
      before,
      batch.map((prime) => largestPower(prime, b1)),
    );
  }
  return split === -1 ? undefined : stageTwo(n, x, primes.slice(split));
}

/** Several factors have fallen into one batch: with a gcd after every single prime they may come apart. */
function oneByOne(n: bigint, start: bigint, powers: readonly number[]): bigint | undefined {
  let x = start;
  for (const power of powers) {
    x = powerModulo(x, BigInt(power), n);
    const divisor = gcd(x - 1n, n);
    if (divisor !== 1n) return divisor === n ? undefined : divisor;
  }
  return undefined;
}

/** From one prime to the next by the power of their difference, of which there are few. */
function stageTwo(n: bigint, x: bigint, primes: readonly number[]): bigint | undefined {
  const powers = new Map<number, bigint>();
  let [before = 2] = primes;
  let power = powerModulo(x, BigInt(before), n);
  let product = 1n;
  for (const prime of primes) {
    const gap = prime - before;
    if (gap > 0) {
      const step = powers.get(gap) ?? powerModulo(x, BigInt(gap), n);
      powers.set(gap, step);
      power = (power * step) % n;
    }
    before = prime;
    product = (product * (power - 1n)) % n;
  }
  const divisor = gcd(product, n);
  return divisor === 1n || divisor === n ? undefined : divisor;
}

function largestPower(prime: number, limit: number): number {
  let power = prime;
  while (power * prime <= limit) power *= prime;
  return power;
}
