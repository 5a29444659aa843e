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
  runs: 4,
  run,
};

async function run({ quick, runs, progress }: BenchOptions): Promise<Report> {
  const [jobs, tasks, samples] = quick ? [1_000, 20_000, 5] : [100_000, 200_000, 50];
  // Whatever goes second finds a warmer server: an even number of rounds lets each go first as often.
  const rounds = runs + (runs % 2);
  const figures = { without: [] as number[], watched: [] as number[], page: [] as number[] };
  for (let round = 1; round <= rounds; round += 1) {
    progress(`${String(jobs)} jobs (run ${String(round)} of ${String(rounds)})`);
    const cluster = await Cluster.start();
    try {
      // What is measured must not share a process with what is watched.
      const client = await cluster.startClient('client');
      const viewers = await cluster.startClient('monitor-client');
      await viewers.ask({ do: 'fill', jobs, tasks: TASKS_A_JOB });
      const perSecond = async () => Number((await client.ask({ do: 'map', tasks }))['perSecond']);
      const unwatched = async () => {
        figures.without.push(await perSecond());
      };
      const watched = async () => {
        await viewers.ask({ do: 'watch', viewers: VIEWERS });
        figures.watched.push(await perSecond());
        await viewers.ask({ do: 'unwatch' });
      };
      // To warm up: what it says is not kept.
      await perSecond();
      for (const measure of round % 2 === 1 ? [unwatched, watched] : [watched, unwatched]) await measure();
      figures.page.push(median((await viewers.ask({ do: 'page', samples }))['ms'] as number[]));
    } finally {
      await cluster.stop();
    }
  }
  return {
    title: 'Monitor',
    note:
      `${String(jobs)} jobs of ${String(TASKS_A_JOB)} tasks wait for a worker that never comes, while maps of ${String(tasks)} tasks run beside them: ` +
      'one to warm up, then one with viewers and one without, in turns which of them first; what they say is compared round by round.',
    rows: [
      { what: 'throughput, nobody watches', unit: '/s', values: figures.without },
      { what: `throughput, ${String(VIEWERS)} watch the overview`, unit: '/s', values: figures.watched },
      {
        what: 'watched against not watched',
        unit: '%',
        values: figures.watched.map((value, place) => (100 * value) / (figures.without[place] ?? NaN)),
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
