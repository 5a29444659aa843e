import type { Report } from '../support/results.js';
import { quantile } from '../support/stats.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

const WORKERS = 200;
const PER_SECOND = 1_000;
/** How long a stand-in holds a task: a quarter of them are busy at any time. */
const TASK_MS = 50;

/** Many connected workers, which speak the real protocol and do nothing else. */
export const workers: Bench = {
  name: 'workers',
  summary: '200 connected workers: time from submission to lease under a stream of tasks',
  run,
};

async function run({ quick, runs, progress }: BenchOptions): Promise<Report> {
  const seconds = quick ? 1 : 10;
  const p50: number[] = [];
  const p99: number[] = [];
  for (let round = 1; round <= runs; round++) {
    progress(`${WORKERS} stand-ins (run ${round} of ${runs})`);
    const cluster = await Cluster.start({ workers: 0 });
    try {
      const standIns = await cluster.startClient('stand-ins', { workers: WORKERS, taskMs: TASK_MS });
      const client = await cluster.startClient('paced-client');
      await client.ask({ do: 'stream', tasks: PER_SECOND, perSecond: PER_SECOND });
      await standIns.ask({ do: 'take' });
      await client.ask({ do: 'stream', tasks: seconds * PER_SECOND, perSecond: PER_SECOND });
      const ms = (await standIns.ask({ do: 'take' }))['ms'] as number[];
      if (ms.length !== seconds * PER_SECOND) throw new Error(`${ms.length} leases came`);
      p50.push(quantile(ms, 0.5));
      p99.push(quantile(ms, 0.99));
    } finally {
      await cluster.stop();
    }
  }
  return {
    title: `${WORKERS} workers`,
    note:
      `From the moment that an input is there to the arrival of its lease at a worker: ${PER_SECOND} tasks per second for ${seconds} s, ` +
      `each held for ${TASK_MS} ms by one of ${WORKERS} stand-ins with a connection of their own and one slot.`,
    rows: [
      { what: 'dispatch, p50', unit: 'ms', values: p50 },
      { what: 'dispatch, p99', unit: 'ms', values: p99, bar: { atMost: 50 } },
    ],
  };
}
