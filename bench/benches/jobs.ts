import type { Report, Row } from '../support/results.js';
import { median } from '../support/stats.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

const SLOTS = 2;

/** Maps and job classes: what stands on the raw throughput of tasks. */
export const jobs: Bench = {
  name: 'jobs',
  summary:
    'a map with an inline function, how busy short tasks keep the slots, job classes here and detached',
  run,
};

async function run({ quick, runs, progress }: BenchOptions): Promise<Report> {
  const tasks = quick ? 10_000 : 100_000;
  const found = new Map<string, number[]>();
  const note = (name: string, value: unknown): void => {
    found.set(name, [...(found.get(name) ?? []), Number(value)]);
  };
  for (let round = 1; round <= runs; round++) {
    progress(`dsage (run ${round} of ${runs})`);
    const cluster = await Cluster.start();
    try {
      const client = await cluster.startClient('jobs-client');
      await client.ask({ do: 'map', tasks: tasks / 10 });
      note('raw', (await client.ask({ do: 'map', tasks }))['perSecond']);
      note('inline', (await client.ask({ do: 'inlineMap', tasks }))['perSecond']);
      for (const ms of [10, 1]) {
        const count = (quick ? 500 : 16_000) / ms;
        await client.ask({ do: 'efficiency', tasks: Math.ceil(count / 4), ms, slots: SLOTS });
        note(
          `busy ${ms}`,
          (await client.ask({ do: 'efficiency', tasks: count, ms, slots: SLOTS }))['percent'],
        );
      }
      await client.ask({ do: 'started', tasks: tasks / 10 });
      note('started', (await client.ask({ do: 'started', tasks }))['perSecond']);
      const { perSecond, memoryMb } = await client.ask({ do: 'detached', tasks: quick ? 2_000 : 10_000 });
      note('detached', perSecond);
      const samples = memoryMb as number[];
      note('memory first', samples[0]);
      note('memory last', samples.at(-1));
    } finally {
      await cluster.stop();
    }
  }
  const values = (name: string): number[] => found.get(name) ?? [];
  const share = values('inline').map((value, place) => (100 * value) / (values('raw')[place] ?? NaN));
  const rows: Row[] = [
    { what: `raw: d.map, ${tasks.toLocaleString('en')} no-op tasks`, unit: '/s', values: values('raw') },
    { what: 'd.map, an inline function', unit: '/s', values: values('inline') },
    { what: 'inline function, of raw', unit: '%', values: share, bar: { atLeast: 80 } },
    { what: 'busy, tasks of 10 ms', unit: '%', values: values('busy 10'), bar: { atLeast: 95 } },
    { what: 'busy, tasks of 1 ms', unit: '%', values: values('busy 1'), bar: { atLeast: 75 } },
    { what: 'job class, coordinated here', unit: '/s', values: values('started') },
    { what: 'job class, detached', unit: '/s', values: values('detached') },
    { what: "detached coordinator's memory at a tenth", unit: 'MiB', values: values('memory first') },
    {
      what: "detached coordinator's memory at the end",
      unit: 'MiB',
      values: values('memory last'),
      bar: { atMost: Math.round(median(values('memory first')) * 1.25) },
    },
  ];
  return {
    title: 'Maps and job classes',
    note: `${SLOTS} slots on two workers. Busy: the wall time of all tasks, which spin for 16 s together, over that of the slots. The bar for the last row is a quarter more than at a tenth.`,
    rows,
  };
}
