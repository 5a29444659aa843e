import type { Report } from '../support/results.js';
import { median } from '../support/stats.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

const VIEWERS = 200;
const TASKS_A_JOB = 10;

/** What people that watch cost a server that is full. */
export const monitor: Bench = {
  name: 'monitor',
  summary: '100,000 jobs, 1,000,000 tasks: throughput with 200 viewers, and the first page of jobs',
  run,
};

async function run({ quick, runs, progress }: BenchOptions): Promise<Report> {
  const [jobs, tasks, samples] = quick ? [1_000, 20_000, 5] : [100_000, 200_000, 50];
  const figures = { without: [] as number[], watched: [] as number[], page: [] as number[] };
  for (let round = 1; round <= runs; round += 1) {
    progress(`${String(jobs)} jobs (run ${String(round)} of ${String(runs)})`);
    const cluster = await Cluster.start();
    try {
      // What is measured must not share a process with what is watched.
      const client = await cluster.startClient('client');
      const viewers = await cluster.startClient('monitor-client');
      await viewers.ask({ do: 'fill', jobs, tasks: TASKS_A_JOB });
      await client.ask({ do: 'map', tasks: tasks / 10 });
      const perSecond = async () => Number((await client.ask({ do: 'map', tasks }))['perSecond']);
      figures.without.push(await perSecond());
      await viewers.ask({ do: 'watch', viewers: VIEWERS });
      figures.watched.push(await perSecond());
      await viewers.ask({ do: 'unwatch' });
      figures.page.push(median((await viewers.ask({ do: 'page', samples }))['ms'] as number[]));
    } finally {
      await cluster.stop();
    }
  }
  return {
    title: 'Monitor',
    note: `${String(jobs)} jobs of ${String(TASKS_A_JOB)} tasks wait for a worker that never comes, while maps of ${String(tasks)} tasks run beside them.`,
    rows: [
      { what: 'throughput, nobody watches', unit: '/s', values: figures.without },
      { what: `throughput, ${String(VIEWERS)} watch the overview`, unit: '/s', values: figures.watched },
      {
        what: 'watched against not watched',
        unit: '%',
        values: [(100 * median(figures.watched)) / median(figures.without)],
        bar: { atLeast: 95 },
      },
      {
        what: 'first page of jobs, as a client sees it',
        unit: 'ms',
        values: figures.page,
        bar: { atMost: 50 },
      },
    ],
  };
}
