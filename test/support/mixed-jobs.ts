import type { Dsage } from '#dsage/client/connect.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';

import { eventually } from './cluster.js';

/** The jobs of `submitMixedJobs`, by what is special about them. */
export interface MixedJobs {
  readonly power: number;
  readonly failing: number;
  readonly mixed: number;
  readonly running: number;
  readonly waiting: number;
  readonly paused: number;
  readonly factor: number;
}

/** Jobs in every state that people meet, on two or more slots. Resolves once they are in it. */
export async function submitMixedJobs(d: Dsage): Promise<MixedJobs> {
  const power = d.eval('console.log("squaring"); 2n ** 200n', { name: 'a power of two' });
  const failing = d.eval('console.error("about to divide"); throw new RangeError("Division by zero")', {
    name: 'a broken quotient',
    maxAttempts: 2,
  });
  const mixed = d.map(
    (n: number) => {
      if (n % 9 === 4) throw new Error(`${String(n)} is not allowed`);
      return n * n;
    },
    Array.from({ length: 60 }, (_, n) => n),
    { name: 'squares', maxAttempts: 1, maxFailedTasks: 60 },
  );
  await Promise.allSettled([power.wait(), failing.wait(), mixed.wait()]);
  // A product of two primes of 28 digits: some curves, then a sieve.
  const factor = new DistributedFactor(1000000000000000000000000103n * 2000000000000000000000000011n);
  await d.submit(factor);
  const running = d.map(
    async (n: number) => {
      console.log(`task ${String(n)} starts`);
      for (let step = 0; step < 600; step += 1) await new Promise((done) => setTimeout(done, 100));
    },
    Array.from({ length: 12 }, (_, n) => n),
    { name: 'a long sweep' },
  );
  const waiting = d.eval('6 * 7', { name: 'needs a large machine', labels: ['bigmem'] });
  const paused = d.eval('1', { name: 'for later', labels: ['bigmem'], priority: 5 });
  const all = { power, failing, mixed, running, waiting, paused, factor };
  await eventually('the jobs are there', () => Object.values(all).every(({ id }) => id !== undefined));
  await d.pause(paused.id ?? 0);
  await eventually('something runs', async () => (await d.serverStatus()).busySlots > 0, 20_000);
  return Object.fromEntries(
    Object.entries(all).map(([name, { id }]) => [name, id ?? 0]),
  ) as unknown as MixedJobs;
}
