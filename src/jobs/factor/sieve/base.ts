/** What everyone who takes part in sieving one number must agree on: made from n alone, the same everywhere. */
export interface SieveBase {
  /** An odd composite number, no perfect power, without small factors. */
  readonly n: bigint;
  /** k, square-free. */
  readonly multiplier: number;
  readonly kn: bigint;
  /** Ascending: 2, then the primes p with (kn/p) = 1 or p | k. A factor of a relation is a place in it. */
  readonly primes: Uint32Array;
  /** Bytes of |u| in a packed relation: ceil(bits(kn) / 16) + 6. */
  readonly valueBytes: number;
  /** A large prime p has primes.at(-1) < p < largePrimeBound <= 2^32. */
  readonly largePrimeBound: number;
  /** How many large primes a relation may have. */
  readonly largePrimes: 1 | 2;
}
