import { perfectPower } from './perfect-power.js';
import { primesUpTo } from './primes.js';
import { byBase, coprimeBases } from './split.js';
import type { Power } from './split.js';

/** Smaller primes are divided out at once. */
const TRIAL_BOUND = 5_000;

export type IsPrime = (n: bigint) => boolean;

/** A composite number was divided: these composite numbers come in its place. */
export interface Split {
  readonly before: bigint;
  readonly composites: readonly bigint[];
}

/**
 * What is known of a number's factors: primes, and composite numbers that wait to be split. Their product is the number
 * at all times, and no two of them share a factor. Pure: whether a number is prime is asked of a function.
 */
export class Factorization {
  readonly #isPrime: IsPrime;
  readonly #primes = new Map<bigint, number>();
  readonly #composites = new Map<bigint, number>();

  /**
   * @param n not 0; the sign is a factor -1
   * @param parts numbers above 0 whose product is the one above 0 that it is given: what is known of it by its form
   */
  constructor(n: bigint, isPrime: IsPrime, parts: (n: bigint) => readonly bigint[] = (whole) => [whole]) {
    this.#isPrime = isPrime;
    if (n < 0n) this.#primes.set(-1n, 1);
    const powers = parts(n < 0n ? -n : n).map((part): Power => [this.#divideSmall(part), 1]);
    for (const power of coprimeBases(powers)) this.#place(power);
  }

  /** What is left of a number without its small primes, which are noted. */
  #divideSmall(part: bigint): bigint {
    let rest = part;
    for (const small of primesUpTo(TRIAL_BOUND)) {
      const prime = BigInt(small);
      let exponent = this.#primes.get(prime) ?? 0;
      for (; rest % prime === 0n; rest /= prime) exponent += 1;
      if (exponent > 0) this.#primes.set(prime, exponent);
    }
    return rest;
  }

  /** Ascending, with their exponents; -1 for a negative number. */
  get primes(): [bigint, number][] {
    return byBase([...this.#primes]);
  }

  /** What is not split yet, ascending, with exponents. */
  get composites(): [bigint, number][] {
    return byBase([...this.#composites]);
  }

  get isComplete(): boolean {
    return this.#composites.size === 0;
  }

  has(composite: bigint): boolean {
    return this.#composites.has(composite);
  }

  /** Takes in that `divisor` divides a composite number: it must be a proper one. */
  divide(composite: bigint, divisor: bigint): Split {
    const exponent = this.#composites.get(composite);
    if (exponent === undefined || !isProperDivisor(divisor, composite)) {
      throw new RangeError(`${divisor} is no proper divisor of a composite that is left.`);
    }
    this.#composites.delete(composite);
    const composites = coprimeBases([
      [divisor, exponent],
      [composite / divisor, exponent],
    ]).flatMap((power) => this.#place(power));
    return { before: composite, composites };
  }

  /** Puts a power where it belongs; returns its base if that is composite. */
  #place([base, exponent]: Power): bigint[] {
    if (base === 1n) return [];
    if (this.#isPrime(base)) {
      this.#primes.set(base, exponent);
      return [];
    }
    const [root, power] = perfectPower(base, TRIAL_BOUND);
    if (power > 1) return this.#place([root, exponent * power]);
    this.#composites.set(base, exponent);
    return [base];
  }

  /** The product of all that is known, with the sign: the number itself. */
  get product(): bigint {
    const powers = [...this.#primes, ...this.#composites];
    return powers.reduce((product, [base, exponent]) => product * base ** BigInt(exponent), 1n);
  }

  /** As `2^3 * 7 * (91)`, with what is not split yet in parentheses. */
  toString(): string {
    const primes = this.primes.map((power) => powerText(power));
    const composites = this.composites.map((power) => powerText(power, `(${power[0]})`));
    return [...primes, ...composites].join(' * ') || '1';
  }
}

export function isProperDivisor(divisor: bigint, n: bigint): boolean {
  return divisor > 1n && divisor < n && n % divisor === 0n;
}

/** As `3^2`. */
export function powerText([prime, exponent]: Power, base = String(prime)): string {
  return exponent === 1 ? base : `${base}^${exponent}`;
}
