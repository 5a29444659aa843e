import { compared, type Report, type Row } from '../support/results.js';
import { quantile } from '../support/stats.js';
import { bullmqSystem } from '../systems/bullmq.js';
import { celerySystem } from '../systems/celery.js';
import { daskSystem } from '../systems/dask.js';
import { dsageSystem } from '../systems/dsage.js';
import { graphileSystem } from '../systems/graphile.js';
import type { Bench, BenchOptions } from './bench.js';
import { inRounds } from './rounds.js';

const SYSTEMS = [dsageSystem, bullmqSystem(1), daskSystem(), celerySystem, graphileSystem('default')];
/**
 * Enough for V8 to have compiled what a task passes through, in each of the four processes: ours has 4.3 ms at the
 * median over the first 400 tasks of new processes, 3.4 ms after 1,200, and 2.8 ms from 1,600 on. All get as many.
 */
const WARM_UP = 2_000;

/** One task at a time on an idle system. */
export const latency: Bench = {
  name: 'latency',
  summary: "d('2+2') to its result on an idle system; its peers beside it",
  run,
};

async function run(options: BenchOptions): Promise<Report> {
  const samples = options.quick ? 30 : 400;
  const found = await inRounds(SYSTEMS, options, {
    unit: 'ms',
    measure: async (system, { name }) => {
      await system.latency(options.quick ? samples : WARM_UP);
      const ms = await system.latency(samples);
      return { [`${name}, p50`]: quantile(ms, 0.5), [`${name}, p99`]: quantile(ms, 0.99) };
    },
  });
  const [[p50, p99] = [], ...peers] = found;
  if (p50 === undefined || p99 === undefined) throw new Error('dsage gave no figure');
  return {
    title: 'Latency',
    note: `One task at a time, from the call to its result, ${samples} times after ${WARM_UP} to warm up; nothing else runs.`,
    rows: [
      { ...p50, bar: { atMost: 4 } },
      { ...p99, bar: { atMost: 15 } },
      ...peers.flatMap((rows) => rows.flatMap((row, place) => besideOurs([p50, p99], row, place))),
    ],
  };
}

function besideOurs(ours: readonly Row[], row: Row, place: number): Row[] {
  const own = ours[place];
  return own === undefined ? [row] : compared(own, [row]);
}
