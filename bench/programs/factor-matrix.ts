// What the coordinator and the linear algebra of DistributedFactor cost on this machine, with made-up relations:
//
//   node --import tsx bench/programs/factor-matrix.ts [primes …]
//
// Prints a line for each size of a base (10,000, 25,000 and 60,000 primes), then what checking a relation costs.

import { parseArgs } from 'node:util';

import { bitsOf } from '#dsage/code/prelude/arithmetic.js';
import { RelationBook } from '#dsage/jobs/factor/relations/book.js';
import { checkRelations } from '#dsage/jobs/factor/relations/check.js';
import { solve } from '#dsage/jobs/factor/relations/matrix.js';
import { joinBytes, packRelation } from '#dsage/jobs/factor/relations/packed.js';
import type { Relation } from '#dsage/jobs/factor/relations/packed.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { sieveParameters } from '#dsage/jobs/factor/sieve/parameters.js';
import { Random } from '../../test/support/random.js';
import { syntheticColumns } from '../../test/support/synthetic-columns.js';

const SIZES = [10_000, 25_000, 60_000];
const RELATIONS = 2_000;
const ROUNDS = 50;

const { positionals } = parseArgs({ allowPositionals: true });
const sizes = positionals.length > 0 ? positionals.map(Number) : SIZES;
for (const size of sizes) measureMatrix(size);
for (const bits of [200, 232, 300]) measureCheck(bits);

function measureMatrix(primes: number): void {
  const largePrimes = primes < 40_000 ? 1 : 2;
  const columns = syntheticColumns({ primes, largePrimes, excess: 96, seed: 1 });
  const start = performance.now();
  const steps = solve(columns);
  let size = 0;
  let merging = 0;
  let longest = 0;
  let before = start;
  for (;;) {
    const step = steps.next();
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
    if (step.done === true) {
      const total = now - start;
      console.log(
        `${primes} primes, ${columns.count} relations: ${ms(total)} (merging ${ms(merging)} to ${size} columns, ` +
          `solving ${ms(total - merging)}; longest step ${ms(longest)}), ${step.value.length} dependencies, ` +
          `RSS ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`,
      );
      return;
    }
    if (size === 0) merging = now - start;
    ({ size } = step.value);
  }
}

/** A relation of a number of that many bits, checked again and again. */
function measureCheck(bits: number): void {
  const { base, packed } = madeUp(bits);
  if (checkRelations(base, packed) !== RELATIONS) throw new Error('a relation is wrong');
  const start = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) checkRelations(base, packed);
  const checked = performance.now();
  const book = new RelationBook(base);
  for (let round = 0; round < ROUNDS; round += 1) book.add(packed);
  const us = (time: number) => `${((time * 1_000) / ROUNDS / RELATIONS).toFixed(2)} µs`;
  console.log(
    `${bits} bits: ${us(checked - start)} a relation to check, ${us(performance.now() - checked)} to see that it is known`,
  );
}

/** The same relation, with 20 factors and two large primes, many times; its number is what fits it. */
function madeUp(bits: number): { base: SieveBase; packed: Uint8Array } {
  const random = new Random(bits);
  const primes = Uint32Array.from([2, 3, 5, 7, 11, 13, 17, 19, 1_009, 10_007, 100_003]);
  const largePrimes = [4_000_037, 4_000_043 + 36];
  const factors = Array.from({ length: 20 }, () => random.int(0, primes.length - 1)).sort((a, b) => a - b);
  const all = [...factors.map((factor) => primes[factor] ?? 1), ...largePrimes];
  const product = all.reduce((value, prime) => value * BigInt(prime), 1n);
  const u = (1n << BigInt(bits / 2 + 20)) + 987_654_321n;
  const kn = u * u - product;
  const valueBytes = Math.ceil(bitsOf(kn) / 16) + 6;
  const base = {
    n: kn,
    multiplier: 1,
    kn,
    primes,
    valueBytes,
    largePrimeBound: 2 ** 32,
    parameters: sieveParameters(266),
  };
  const relation: Relation = { u, isNegative: false, factors, largePrimes };
  const one = packRelation(base, relation);
  return { base, packed: joinBytes(Array.from({ length: RELATIONS }, () => one)) };
}

function ms(time: number): string {
  return `${Math.round(time)} ms`;
}
