import { gcd, modulo, powerModulo } from '../../../code/prelude/arithmetic.js';
import { DsageError } from '../../../model/errors.js';
import type { SieveBase } from '../sieve/base.js';
import { RelationReader } from './packed.js';

/** Powers beyond are made by squaring. */
const LONG_POWER = 64;

/**
 * A proper divisor of n from the relations of one dependency: with x = product(u) and y = the root of the product of all
 * u^2 - kn, both modulo n, it is gcd(x - y, n). Undefined when x = y or x = -y, which happens to half of the dependencies of
 * a product of two primes. Throws `invalid-argument` when the product is no square, or not that of the u.
 */
export function divisorOf(base: SieveBase, packed: Uint8Array): bigint | undefined {
  const { n, primes } = base;
  const x = new Product(n);
  const exponents = new Uint32Array(primes.length);
  const large: number[] = [];
  let negatives = 0;
  const reader = new RelationReader(base, packed);
  while (reader.next()) {
    x.multiplyBy(reader.u);
    if (reader.isNegative) negatives += 1;
    if (reader.large0 > 1) large.push(reader.large0);
    if (reader.large1 > 1) large.push(reader.large1);
    for (let place = 0; place < reader.factorCount; place += 1) {
      const factor = reader.factors[place] ?? 0;
      exponents[factor] = (exponents[factor] ?? 0) + 1;
    }
  }
  if (negatives % 2 !== 0) throw noSquare();
  const y = rootOfFactors(base, exponents);
  multiplyByHalf(y, large);
  const [left, right] = [x.value, y.value];
  if ((left * left - right * right) % n !== 0n) {
    throw new DsageError('invalid-argument', 'The relations are not of this number: their squares differ.');
  }
  const divisor = gcd(modulo(left - right, n), n);
  return divisor > 1n && divisor < n ? divisor : undefined;
}

/** The product of the primes with half of their exponents. */
function rootOfFactors({ n, primes }: SieveBase, exponents: Uint32Array): Product {
  const root = new Product(n);
  for (const [place, exponent] of exponents.entries()) {
    if (exponent % 2 !== 0) throw noSquare();
    const prime = primes[place] ?? 1;
    if (exponent / 2 > LONG_POWER) root.multiplyBy(powerModulo(BigInt(prime), BigInt(exponent / 2), n));
    else for (let left = exponent / 2; left > 0; left -= 1) root.multiplyBySmall(prime);
  }
  return root;
}

/** Every large prime is there twice, or four times, …; once for each two it goes into the root. */
function multiplyByHalf(root: Product, large: readonly number[]): void {
  const sorted = Float64Array.from(large).sort();
  if (sorted.length % 2 !== 0) throw noSquare();
  for (let place = 0; place < sorted.length; place += 2) {
    const prime = sorted[place] ?? 1;
    if (sorted[place + 1] !== prime) throw noSquare();
    root.multiplyBySmall(prime);
  }
}

/** A long product modulo n. Small factors are gathered as a number while they fit one. */
class Product {
  readonly #n: bigint;
  #value = 1n;
  #small = 1;

  constructor(n: bigint) {
    this.#n = n;
  }

  multiplyBy(factor: bigint): void {
    this.#value = (this.#value * factor) % this.#n;
  }

  /** By a factor below 2^32. */
  multiplyBySmall(factor: number): void {
    const product = this.#small * factor;
    if (product <= Number.MAX_SAFE_INTEGER) {
      this.#small = product;
      return;
    }
    this.multiplyBy(BigInt(this.#small));
    this.#small = factor;
  }

  get value(): bigint {
    return (this.#value * BigInt(this.#small)) % this.#n;
  }
}

function noSquare(): DsageError {
  return new DsageError('invalid-argument', 'The product of the relations is no square.', {
    hint: 'Pass exactly the relations of one dependency.',
  });
}
