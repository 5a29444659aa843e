import type { Report } from '../support/results.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

/** Separate jobs that are started together, which the client puts together into messages. */
export const single: Bench = {
  name: 'single',
  summary: "10,000 separate d('…') calls started together",
  run,
};

async function run({ quick, runs, progress }: BenchOptions): Promise<Report> {
  const jobs = quick ? 1_000 : 10_000;
  const accepted: number[] = [];
  const completed: number[] = [];
  for (let round = 1; round <= runs; round++) {
    progress(`dsage (run ${round} of ${runs})`);
    const cluster = await Cluster.start();
    try {
      const client = await cluster.startClient('client');
      await client.ask({ do: 'single', jobs: jobs / 10 });
      const figures = await client.ask({ do: 'single', jobs });
      accepted.push(Number(figures['acceptedPerSecond']));
      completed.push(Number(figures['completedPerSecond']));
    } finally {
      await cluster.stop();
    }
  }
  return {
    title: 'Single submissions',
    note: `${jobs.toLocaleString('en')} separate d('…') calls started together, each a job of its own; two workers, after a tenth of that to warm up.`,
    rows: [
      { what: 'jobs accepted durably', unit: '/s', values: accepted, bar: { atLeast: 10_000 } },
      { what: 'jobs completed and collected', unit: '/s', values: completed },
    ],
  };
}
