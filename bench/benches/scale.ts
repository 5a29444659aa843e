import { connect } from '#dsage/client/connect.js';

import { memoryMb } from '../support/proc.js';
import type { Report } from '../support/results.js';
import { median } from '../support/stats.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

const FEW = 1_000;
/** What two workers may hold in their own queues at once: it does not wait at the server. */
const IN_WORKERS = 4_096;

/** A million waiting tasks: memory, throughput and restart. */
export const scale: Bench = {
  name: 'scale',
  summary: '1,000,000 waiting tasks: memory of the server, throughput, restart',
  run,
};

interface Figures {
  readonly memory: number[];
  readonly anonymous: number[];
  readonly restart: number[];
  readonly few: number[];
  readonly many: number[];
}

async function run({ quick, runs, progress }: BenchOptions): Promise<Report> {
  const many = quick ? 50_000 : 1_000_000;
  const answers = quick ? 10_000 : 100_000;
  const figures: Figures = { memory: [], anonymous: [], restart: [], few: [], many: [] };
  for (let round = 1; round <= runs; round++) {
    progress(`${FEW} waiting (run ${round} of ${runs})`);
    await withFew(figures, answers);
    progress(`${many} waiting (run ${round} of ${runs})`);
    await withMany(figures, { waiting: many, answers });
  }
  const count = many.toLocaleString('en');
  return {
    title: 'Scale',
    note:
      `One map with so many unanswered tasks; the client submits a new one for each that is answered, and collects the answers: ` +
      `${answers.toLocaleString('en')} of them after a tenth of that to warm up. The server is killed with ${count} waiting and started again.`,
    rows: [
      {
        what: `server's memory, ${count} waiting`,
        unit: 'MiB',
        values: figures.memory,
        bar: { atMost: 300 },
      },
      { what: 'of that, not of files', unit: 'MiB', values: figures.anonymous },
      {
        what: `kill -9 to serving again, ${count} waiting`,
        unit: 's',
        values: figures.restart,
        bar: { atMost: 3 },
      },
      { what: `throughput, ${FEW.toLocaleString('en')} waiting`, unit: '/s', values: figures.few },
      { what: `throughput, ${count} waiting`, unit: '/s', values: figures.many },
      {
        what: `throughput, ${count} against ${FEW.toLocaleString('en')} waiting`,
        unit: '%',
        values: [(100 * median(figures.many)) / median(figures.few)],
        bar: { atLeast: 80 },
      },
    ],
  };
}

async function withFew(figures: Figures, answers: number): Promise<void> {
  const cluster = await Cluster.start();
  try {
    const client = await cluster.startClient('client');
    await client.ask({ do: 'fill', unanswered: FEW + IN_WORKERS });
    figures.few.push(await drained(client, answers));
  } finally {
    await cluster.stop();
  }
}

async function withMany(
  figures: Figures,
  { waiting, answers }: { readonly waiting: number; readonly answers: number },
): Promise<void> {
  const cluster = await Cluster.start({ workers: 0 });
  try {
    const client = await cluster.startClient('client');
    await client.ask({ do: 'fill', unanswered: waiting });
    const { resident, anonymous } = memoryMb(cluster.server.pid);
    figures.memory.push(resident);
    figures.anonymous.push(anonymous);
    figures.restart.push(await restarted(cluster));
    await cluster.startWorkers(2);
    figures.many.push(await drained(client, answers));
  } finally {
    await cluster.stop();
  }
}

/** Seconds from the end of the old server to an answer of the new one. */
async function restarted(cluster: Cluster): Promise<number> {
  await cluster.server.stop('SIGKILL');
  const startMs = performance.now();
  await cluster.startServer();
  const d = await connect({ server: cluster.address, directory: cluster.directory });
  await d.serverStatus();
  const seconds = (performance.now() - startMs) / 1000;
  await d.close();
  return seconds;
}

async function drained(
  client: Awaited<ReturnType<Cluster['startClient']>>,
  answers: number,
): Promise<number> {
  await client.ask({ do: 'drain', answers: answers / 10 });
  return Number((await client.ask({ do: 'drain', answers }))['perSecond']);
}
