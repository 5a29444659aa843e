import { setImmediate as nextTurn } from 'node:timers/promises';

import { nextPrime } from '#dsage/code/prelude/numbers.js';
import type { JobContext } from '#dsage/jobs/context.js';
import { Coordinator } from '#dsage/jobs/coordinator.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';
import { expect } from 'chai';
import fc from 'fast-check';

import { Random } from '../support/random.js';
import { SimulatedServer } from '../support/simulated-port.js';

class OnWorker extends DistributedFactor {
  override compute(task: Parameters<DistributedFactor['compute']>[0]) {
    const context = { signal: new AbortController().signal, progress: () => undefined };
    return super.compute(task, context as unknown as JobContext);
  }
}

async function factored(n: bigint, seed: number): Promise<DistributedFactor> {
  const job = new DistributedFactor(n);
  const server = new SimulatedServer(new OnWorker(1), new Random(seed));
  const port = server.port();
  new Coordinator(job, port).start();
  while (!job.done) {
    port.deliver();
    await server.work();
    port.tell();
    await nextTurn();
  }
  return job;
}

const primeOfDigits = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least, max: most }), fc.bigInt({ min: 0n, max: 10n ** 30n }))
    .map(([digits, random]) =>
      nextPrime(10n ** BigInt(digits - 1) + (random % (10n ** BigInt(digits) - 1n)) / 2n),
    );

async function comesBack(primes: readonly bigint[], isNegative: boolean, seed: number): Promise<void> {
  const counts = new Map<bigint, number>(isNegative ? [[-1n, 1]] : []);
  for (const prime of primes) counts.set(prime, (counts.get(prime) ?? 0) + 1);
  const n = primes.reduce((product, prime) => product * prime, isNegative ? -1n : 1n);
  const job = await factored(n, seed);
  expect(job.status).to.equal('completed');
  expect(job.result).to.deep.equal([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  expect(job.compositeFactors).to.deep.equal([]);
  expect(job.wrongAnswers).to.equal(0);
}

describe('DistributedFactor', () => {
  it('gives the primes back that were multiplied: many small ones', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(primeOfDigits(1, 7), { maxLength: 5 }),
        fc.boolean(),
        fc.integer(),
        comesBack,
      ),
      { numRuns: 2_000 },
    );
  });

  it('gives the primes back that were multiplied: two or three of up to 13 digits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(primeOfDigits(8, 13), { minLength: 2, maxLength: 3 }),
        fc.constant(false),
        fc.integer(),
        comesBack,
      ),
      { numRuns: 60 },
    );
  });

  it('gives the primes back that were multiplied: two, to 30 to 50 digits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(primeOfDigits(15, 24), primeOfDigits(16, 25)),
        fc.boolean(),
        fc.integer(),
        comesBack,
      ),
      { numRuns: 36 },
    );
  });

  it('finds every kind of number that is around: squares, powers, many factors of one size', async () => {
    const part = fc.tuple(primeOfDigits(1, 11), fc.integer({ min: 1, max: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), fc.integer(), (parts, seed) =>
        comesBack(
          parts.flatMap(([prime, exponent]) => Array<bigint>(exponent).fill(prime)),
          false,
          seed,
        ),
      ),
      { numRuns: 100 },
    );
  });
});
