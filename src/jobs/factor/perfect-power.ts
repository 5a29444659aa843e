import { bitsOf, integerRoot, powerModulo } from '../../code/prelude/arithmetic.js';
import { isPrime } from '../../code/prelude/numbers.js';
import { primesUpTo } from './primes.js';

/** So many small primes must say that a root is possible before it is worked out. */
const WITNESSES = 4;

/**
 * The root and the largest exponent of a perfect power: `[root, exponent]`, or `[n, 1]` for what is none. `least` is a
 * bound that every prime factor of `n` is above, which bounds the exponent.
 */
export function perfectPower(n: bigint, least = 1): [root: bigint, exponent: number] {
  let root = n;
  let exponent = 1;
  const largest = Math.floor(bitsOf(n) / Math.max(1, Math.log2(least)));
  for (const prime of primesUpTo(largest)) {
    while (mayBePower(root, prime)) {
      const candidate = integerRoot(root, prime);
      if (candidate ** BigInt(prime) !== root) break;
      root = candidate;
      exponent *= prime;
    }
  }
  return [root, exponent];
}

/** A `k`-th power is one modulo every prime q too; where k divides q - 1 few residues are. Cheap, and seldom wrong. */
function mayBePower(n: bigint, k: number): boolean {
  if (n < 4n) return false;
  let witnesses = 0;
  for (let q = 2 * k + 1; witnesses < WITNESSES; q += 2 * k) {
    if (!isPrime(q)) continue;
    witnesses += 1;
    const modulus = BigInt(q);
    const residue = n % modulus;
    if (residue !== 0n && powerModulo(residue, (modulus - 1n) / BigInt(k), modulus) !== 1n) return false;
  }
  return true;
}
