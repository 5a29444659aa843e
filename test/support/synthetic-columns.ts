import { primesUpTo } from '#dsage/jobs/factor/primes.js';
import type { Columns } from '#dsage/jobs/factor/relations/columns.js';
import { CycleCount } from '#dsage/jobs/factor/relations/cycle-count.js';
import { Numbering } from '#dsage/jobs/factor/relations/numbering.js';
import { usefulEdges } from '#dsage/jobs/factor/relations/prune.js';
import { Random } from './random.js';

export interface SyntheticOptions {
  /** Rows of the base: the sign and the primes, of which every second one is in a base. */
  readonly primes: number;
  /** How many large primes a relation has at most; with 0 all are full relations. */
  readonly largePrimes: 0 | 1 | 2;
  /** Full relations and cycles beyond the number of rows of the base. */
  readonly excess: number;
  readonly seed: number;
}

/** Primes that are sampled one by one; of the others there are few in a column. */
const ONE_BY_ONE = 200;
/** A smooth number has a prime p with a probability of (1 / p) e^(TILT ln p / ln B): Hildebrand and Tenenbaum, 1986. */
const TILT = 3;
/** Factors of `a`, out of so many in the middle of the base. */
const A_FACTORS = 9;
const A_POOL = 300;
/** Large primes are from the largest prime to so many times that; one in so many numbers is one. */
const LARGE_FACTOR = 80;
const SPARSENESS = 14;
const FULL_SHARE = 0.07;

/** A matrix like that of a quadratic sieve: relations with large primes until there are enough cycles, of which the useful are kept. */
export function syntheticColumns(options: SyntheticOptions): Columns {
  const random = new Random(options.seed);
  const primes = primesUpTo(Math.ceil(2.6 * options.primes * Math.log(options.primes + 20)) + 200)
    .filter((_, place) => place % 2 === 0)
    .slice(0, options.primes - 1);
  const edges = syntheticEdges(random, options, primes.at(-1) ?? 1);
  const factors = factorSampler(random, primes);
  const starts = new Uint32Array(edges.count + 1);
  const entries: number[] = [];
  for (let column = 0; column < edges.count; column += 1) {
    const large = [edges.left[column] ?? 0, edges.right[column] ?? 0].sort((a, b) => a - b);
    const rows = factors();
    if (large[0] !== large[1]) {
      rows.push(...large.filter((vertex) => vertex > 0).map((vertex) => options.primes - 1 + vertex));
    }
    entries.push(...rows);
    starts[column + 1] = entries.length;
  }
  const rows = options.primes + edges.vertices - 1;
  return { count: edges.count, rows, starts, entries: Uint32Array.from(entries) };
}

/** Pairs of numbered large primes, 0 for none: what is left of the relations when there are enough. */
function syntheticEdges(random: Random, { primes, largePrimes, excess }: SyntheticOptions, bound: number) {
  const numbering = new Numbering();
  const cycles = new CycleCount();
  numbering.numberOf(1);
  const left: number[] = [];
  const right: number[] = [];
  const large = () =>
    numbering.numberOf(2 + Math.floor((bound * LARGE_FACTOR ** random.next()) / SPARSENESS));
  let full = 0;
  while (full + cycles.cycles < primes + excess) {
    const count = largePrimes === 0 || random.chance(FULL_SHARE) ? 0 : random.int(1, largePrimes);
    left.push(count < 2 ? 0 : large());
    right.push(count < 1 ? 0 : large());
    if (count === 0) full += 1;
    else cycles.addEdge(left.at(-1) ?? 0, right.at(-1) ?? 0);
  }
  const edges = {
    ...{ count: left.length, vertices: numbering.size },
    ...{ left: Uint32Array.from(left), right: Uint32Array.from(right) },
  };
  const isKept = usefulEdges(edges, primes + excess);
  const kept = edges.left.map((_, edge) => edge).filter((edge) => isKept[edge] === 1);
  return {
    ...{ count: kept.length, vertices: numbering.size },
    ...{ left: kept.map((edge) => edges.left[edge] ?? 0), right: kept.map((edge) => edges.right[edge] ?? 0) },
  };
}

/** Gives the odd rows of one relation after another, ascending. */
function factorSampler(random: Random, primes: readonly number[]): () => number[] {
  const logBound = Math.log(primes.at(-1) ?? 2);
  const chances = primes.map((prime) =>
    Math.min(0.5, (2 / prime) * Math.exp((TILT * Math.log(prime)) / logBound)),
  );
  let sum = 0;
  const sums = chances.map((chance, place) => (sum += place < ONE_BY_ONE ? 0 : chance));
  const pool = Math.min(A_POOL, Math.floor(primes.length / 4));
  return () => {
    const odd = new Set<number>();
    const toggle = (row: number) => {
      if (!odd.delete(row)) odd.add(row);
    };
    if (random.chance(0.5)) toggle(0);
    for (const [place, chance] of chances.slice(0, ONE_BY_ONE).entries())
      if (random.chance(chance)) toggle(1 + place);
    for (let left = poisson(random, sum); left > 0; left -= 1)
      toggle(1 + placeOf(sums, random.between(0, sum)));
    for (let left = A_FACTORS; left > 0; left -= 1) toggle(1 + random.int(pool, 2 * pool));
    return [...odd].sort((a, b) => a - b);
  };
}

function poisson(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count += 1;
  return count;
}

/** The first place whose sum is above a value. */
function placeOf(sums: readonly number[], value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
