import { setTimeout as sleep } from 'node:timers/promises';

import { cpuSeconds, withDescendants } from '../support/proc.js';
import type { Report } from '../support/results.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

/** V8 compacts a program's heap once, within half a minute after its start: that belongs to starting. */
const SETTLE_MS = 30_000;

/** What it costs to have dsage running and nothing to do. */
export const idle: Bench = {
  name: 'idle',
  summary: 'CPU of a server and two workers that have nothing to do',
  run,
};

async function run({ quick, runs, progress }: BenchOptions): Promise<Report> {
  const seconds = quick ? 3 : 20;
  const together: number[] = [];
  const server: number[] = [];
  for (let round = 1; round <= runs; round++) {
    progress(`${seconds} s of nothing (run ${round} of ${runs})`);
    const cluster = await Cluster.start();
    try {
      await sleep(quick ? 1_000 : SETTLE_MS);
      const pids = [cluster.server, ...cluster.workers].flatMap(({ pid }) => withDescendants(pid));
      const before = pids.map(cpuSeconds);
      const startMs = performance.now();
      await sleep(1_000 * seconds);
      const elapsed = (performance.now() - startMs) / 1_000;
      const shares = pids.map((pid, place) => (100 * (cpuSeconds(pid) - (before[place] ?? 0))) / elapsed);
      together.push(shares.reduce((sum, share) => sum + share, 0));
      server.push(shares[0] ?? NaN);
    } finally {
      await cluster.stop();
    }
  }
  return {
    title: 'Idle',
    note: `CPU time of a server, two workers and their child processes over ${seconds} s with nothing to do, half a minute after their start.`,
    rows: [
      { what: 'server and two workers', unit: '% of a core', values: together, bar: { atMost: 1 } },
      { what: 'of that, the server', unit: '% of a core', values: server },
    ],
  };
}
