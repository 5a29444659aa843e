import { type Report, compared } from '../support/results.js';
import { bullmqSystem } from '../systems/bullmq.js';
import { celerySystem } from '../systems/celery.js';
import { daskSystem } from '../systems/dask.js';
import { dsageSystem } from '../systems/dsage.js';
import { graphileSystem } from '../systems/graphile.js';
import type { Bench, BenchOptions } from './bench.js';
import { inRounds } from './rounds.js';

const bullmq50 = bullmqSystem(50);
const dask = daskSystem();
const PEERS = [
  bullmq50,
  bullmqSystem(1),
  dask,
  daskSystem('inf'),
  celerySystem,
  graphileSystem('batched'),
  graphileSystem('default'),
];

/** No-op tasks through `d.map`, beside peers. */
export const throughput: Bench = {
  name: 'throughput',
  summary: 'no-op tasks through d.map on two workers, results collected; its peers beside it',
  run,
};

async function run(options: BenchOptions): Promise<Report> {
  const tasks = options.quick ? 10_000 : 100_000;
  const peerTasks = options.quick ? 1_000 : 10_000;
  const [[ours] = [], ...peers] = await inRounds([dsageSystem, ...PEERS], options, {
    unit: '/s',
    measure: async (system, of) => {
      const count = of === dsageSystem ? tasks : peerTasks;
      await system.throughput(count / 10);
      return { [of.name]: await system.throughput(count) };
    },
  });
  if (ours === undefined) throw new Error('dsage gave no figure');
  return {
    title: 'Throughput',
    note:
      `${tasks.toLocaleString('en')} no-op tasks (${peerTasks.toLocaleString('en')} for the peers) over two worker processes, ` +
      'after a tenth of that to warm up, results collected (graphile-worker keeps none: until no job is left). dsage: durable, mutual TLS, tasks in child processes; the peers have no TLS.',
    rows: [
      { ...ours, bar: { atLeast: 25_000 } },
      ...compared(ours, peers.flat(), {
        [bullmq50.name]: { atLeast: 5 },
        [dask.name]: { atLeast: 10 },
      }),
    ],
  };
}
