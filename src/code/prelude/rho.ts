import { gcd } from './arithmetic.js';

/** Steps whose differences share one gcd. */
const BATCH = 128;

/**
 * A proper divisor of an odd composite number by Pollard's rho in Brent's form (BIT 20, 1980), in at most about
 * `maxSteps` steps, undefined when it has found none; without `maxSteps` it goes on until it has. A prime factor p takes about the root of p steps.
 */
export function rho(n: bigint): bigint;
export function rho(n: bigint, maxSteps: number): bigint | undefined;
export function rho(n: bigint, maxSteps = Infinity): bigint | undefined {
  let left = maxSteps;
  for (let shift = 1n; left > 0; shift += 1n) {
    const { divisor, steps } = tryShift(n, shift, left);
    if (divisor !== 1n && divisor !== n) return divisor;
    left -= steps;
  }
  return undefined;
}

interface Tried {
  /** 1 when none was found, and `n` when all were found at once. */
  readonly divisor: bigint;
  readonly steps: number;
}

/** Brent's cycle finding over x^2 + shift. */
function tryShift(n: bigint, shift: bigint, maxSteps: number): Tried {
  const next = (x: bigint): bigint => (x * x + shift) % n;
  let fast = 2n;
  let steps = 0;
  for (let length = 1; steps < maxSteps; length *= 2) {
    const slow = fast;
    for (let skip = 0; skip < length; skip += 1) fast = next(fast);
    steps += length;
    for (let done = 0; done < length && steps < maxSteps; done += BATCH) {
      const start = fast;
      const batch = Math.min(BATCH, length - done);
      let product = 1n;
      for (let step = 0; step < batch; step += 1) {
        fast = next(fast);
        product = (product * (slow - fast)) % n;
      }
      steps += batch;
      const divisor = gcd(product, n);
      if (divisor === 1n) continue;
      // Several factors may have fallen into one product: go through its steps one by one.
      return { divisor: divisor === n ? oneByOne(n, slow, next, start) : divisor, steps };
    }
  }
  return { divisor: 1n, steps };
}

function oneByOne(n: bigint, slow: bigint, next: (x: bigint) => bigint, start: bigint): bigint {
  for (let fast = next(start); ; fast = next(fast)) {
    const divisor = gcd(slow - fast, n);
    if (divisor !== 1n) return divisor;
  }
}
