import { bitsOf, integerRoot, inverse, modulo, powerModulo } from '#dsage/code/prelude/arithmetic.js';
import { sieveParameters } from '#dsage/jobs/factor/sieve/parameters.js';
import { primesUpTo } from '#dsage/jobs/factor/primes.js';
import type { Relation } from '#dsage/jobs/factor/relations/packed.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { Random } from './random.js';

export interface ReferenceOptions {
  readonly primes: number;
  readonly multiplier?: number;
  readonly largePrimes?: 1 | 2;
  /** Large primes are below so many times the largest prime. */
  readonly largeFactor?: number;
}

/** A base for a number of up to about 45 digits, made in the plainest way. */
export function referenceBase(n: bigint, options: ReferenceOptions): SieveBase {
  const { primes: size, multiplier = 1, largePrimes = 1, largeFactor = 40 } = options;
  const kn = BigInt(multiplier) * n;
  const isInBase = (prime: number) =>
    prime === 2 || powerModulo(kn, (BigInt(prime) - 1n) / 2n, BigInt(prime)) <= 1n;
  const primes = Uint32Array.from(
    primesUpTo(40 * size + 100)
      .filter(isInBase)
      .slice(0, size),
  );
  const valueBytes = Math.ceil(bitsOf(kn) / 16) + 6;
  const largePrimeBound = largeFactor * (primes.at(-1) ?? 0);
  const parameters = { ...sieveParameters(bitsOf(n)), baseSize: size, largePrimes };
  return { n, multiplier, kn, primes, valueBytes, largePrimeBound, parameters };
}

const HALF = 30_000;

/**
 * Slow and right: a self-initializing quadratic sieve over BigInt and plain arrays, which gives relations as long as
 * somebody asks. The same relation may come again from another polynomial.
 */
export function* referenceSieve(base: SieveBase, seed: number): Generator<Relation, void, void> {
  const random = new Random(seed);
  const roots = [...base.primes].map((prime) => rootOf(base.kn, prime));
  for (;;) {
    const factors = chooseFactors(base, random);
    const a = factors.reduce((product, factor) => product * BigInt(base.primes[factor] ?? 1), 1n);
    for (const b of middles(base, a, factors, roots)) yield* sievePolynomial(base, a, b, roots);
  }
}

/** Places of odd primes whose product is near sqrt(2 kn) / HALF. */
function chooseFactors({ kn, primes, multiplier }: SieveBase, random: Random): number[] {
  const target = Number(integerRoot(2n * kn, 2)) / HALF;
  const usable = [...primes.keys()].filter((place) => {
    const prime = primes[place] ?? 0;
    return prime > 10 && multiplier % prime !== 0;
  });
  for (;;) {
    const chosen = new Set<number>();
    let product = 1;
    while (product < target / 30) {
      const place = random.pick(usable);
      if (!chosen.has(place)) product *= primes[place] ?? 1;
      chosen.add(place);
    }
    // Any product within a factor of 30 will do here.
    if (product < target * 30 && chosen.size > 0) return [...chosen].sort((x, y) => x - y);
  }
}

/** The b with b^2 = kn mod a, without their negatives. */
function middles(base: SieveBase, a: bigint, factors: number[], roots: number[]): bigint[] {
  const parts = factors.map((factor) => {
    const prime = BigInt(base.primes[factor] ?? 1);
    const cofactor = a / prime;
    return (cofactor * ((BigInt(roots[factor] ?? 0) * inverseOf(cofactor, prime)) % prime)) % a;
  });
  let sums = [parts[0] ?? 0n];
  for (const part of parts.slice(1)) sums = sums.flatMap((sum) => [sum + part, sum - part]);
  return sums.map((sum) => modulo(sum, a));
}

function* sievePolynomial(base: SieveBase, a: bigint, b: bigint, roots: number[]): Generator<Relation> {
  const { kn, primes, largePrimeBound, parameters } = base;
  const logs = new Float32Array(2 * HALF);
  const starts: [number, number][] = [];
  for (const [place, prime] of primes.entries()) {
    const p = BigInt(prime);
    if (a % p === 0n || prime === 2) {
      starts.push([-1, -1]);
      continue;
    }
    const inverseA = inverseOf(a, p);
    const root = BigInt(roots[place] ?? 0);
    const both = [root, -root].map((r) => Number(modulo((r - b) * inverseA + BigInt(HALF), p)));
    const [first = 0, second = 0] = both;
    starts.push([first, second]);
    for (const start of new Set(both)) {
      for (let x = start; x < 2 * HALF; x += prime) logs[x] = (logs[x] ?? 0) + Math.log2(prime);
    }
  }
  // What a leaves of u^2 - kn; small powers are not sieved, and the interval's middle is below its ends.
  const size = bitsOf(kn) / 2 + Math.log2(HALF);
  const threshold = size - parameters.largePrimes * Math.log2(largePrimeBound) - 6;
  for (const [x, log] of logs.entries()) {
    if (log < threshold) continue;
    const u = a * BigInt(x - HALF) + b;
    const isNear = (place: number, prime: number) => {
      const [first, second] = starts[place] ?? [-1, -1];
      return first === -1 || x % prime === first || x % prime === second;
    };
    const relation = relationOf(base, u < 0n ? -u : u, isNear);
    if (relation !== undefined) yield relation;
  }
}

function relationOf(
  base: SieveBase,
  u: bigint,
  mayDivide: (place: number, prime: number) => boolean,
): Relation | undefined {
  const value = u * u - base.kn;
  let rest = value < 0n ? -value : value;
  const factors: number[] = [];
  for (const [place, prime] of base.primes.entries()) {
    if (!mayDivide(place, prime)) continue;
    for (const p = BigInt(prime); rest % p === 0n; rest /= p) factors.push(place);
  }
  const largePrimes = splitRest(base, rest);
  if (u === 0n || largePrimes === undefined) return undefined;
  return { u, isNegative: value < 0n, factors, largePrimes };
}

/** The large primes of what is left, or undefined where it has others. */
function splitRest(base: SieveBase, big: bigint): number[] | undefined {
  if (big > Number.MAX_SAFE_INTEGER) return undefined;
  // A prime beyond the bound is what is left most often, and no search need show it.
  if (big > base.largePrimeBound && powerModulo(2n, big - 1n, big) === 1n) return undefined;
  const most = base.parameters.largePrimes;
  let rest = Number(big);
  const found: number[] = [];
  for (let prime = (base.primes.at(-1) ?? 0) + 2; rest > 1 && prime * prime <= rest; prime += 2) {
    for (; rest % prime === 0; rest /= prime) found.push(prime);
    if (prime > base.largePrimeBound || found.length > most) return undefined;
  }
  if (rest > 1) found.push(rest);
  const isGood = found.length <= most && found.every((prime) => prime < base.largePrimeBound);
  return isGood ? found : undefined;
}

/** The least square root of kn modulo a small prime. */
function rootOf(kn: bigint, prime: number): number {
  const residue = Number(kn % BigInt(prime));
  for (let root = 0; root < prime; root += 1) if ((root * root) % prime === residue) return root;
  throw new Error(`${kn} is no square modulo ${prime}`);
}

function inverseOf(a: bigint, p: bigint): bigint {
  const made = inverse(a, p);
  if ('divisor' in made) throw new Error(`${a} has no inverse modulo ${p}`);
  return made.value;
}
