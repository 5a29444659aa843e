import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import Table from 'cli-table3';

import type { BenchOptions } from '../benches/bench.js';
import { Cluster } from '../systems/cluster.js';
import { type Cost, type CpuProfile, costs } from './cpu-profile.js';
import { waitUntil } from './net.js';
import { cpuSeconds, withDescendants } from './proc.js';

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'profile-preload.js')).href;
const TOP_FUNCTIONS = 25;
const TOP_PLACES = 10;

interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly cpu: number;
}

/** Runs the throughput benchmark under V8's profiler, and says what each process spends its time on. */
export async function profileThroughput({ quick, progress }: BenchOptions): Promise<string> {
  const tasks = quick ? 20_000 : 200_000;
  const directory = mkdtempSync(join(tmpdir(), 'dsage-profile-'));
  mkdirSync(directory, { recursive: true });
  const env = { DSAGE_BENCH_PROFILES: directory, NODE_OPTIONS: `--import=${PRELOAD}` };
  const cluster = await Cluster.start({ env });
  try {
    const client = await cluster.startClient('profiled-client', { profiles: directory });
    progress('warming up');
    await client.ask({ do: 'map', tasks: tasks / 10 });
    const { pids } = await client.ask({ do: 'begin' });
    const watched = watch(cluster, client.pid, (pids as number[])[0] ?? 0);
    progress(`${tasks} tasks under the profiler`);
    signal(watched);
    const { perSecond } = await client.ask({ do: 'map', tasks });
    signal(watched);
    const used = watched.map(({ pid, cpu }) => cpuSeconds(pid) - cpu);
    await client.ask({ do: 'end' });
    await waitUntil('all profiles are written', () =>
      watched.every(({ pid }) => profileOf(directory, pid) !== undefined),
    );
    const texts = watched.map((process, place) =>
      render(process, { directory, tasks, seconds: used[place] ?? NaN }),
    );
    const head = `${Math.round(Number(perSecond)).toLocaleString('en')} tasks/s under the profiler; profiles in ${directory}`;
    return [head, ...texts].join('\n\n');
  } finally {
    await cluster.stop();
  }
}

/** The server, one worker with its child, and the client. */
function watch(cluster: Cluster, client: number, child: number): Watched[] {
  const agent = cluster.workers.find(({ pid }) => withDescendants(pid).includes(child));
  const named: [string, number][] = [
    ['server', cluster.server.pid],
    ['worker', agent?.pid ?? 0],
    ["worker's child", child],
    ['client', client],
  ];
  return named.map(([name, pid]) => ({ name, pid, cpu: cpuSeconds(pid) }));
}

/** The child was begun by its task. */
function signal(watched: readonly Watched[]): void {
  for (const { name, pid } of watched) if (name !== "worker's child") process.kill(pid, 'SIGUSR2');
}

function profileOf(directory: string, pid: number): string | undefined {
  return readdirSync(directory).find((name) => name.endsWith(`-${pid}.cpuprofile`));
}

function render(
  { name, pid }: Watched,
  { directory, tasks, seconds }: { directory: string; tasks: number; seconds: number },
): string {
  const file = profileOf(directory, pid) ?? '';
  const profile = JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile;
  const { functions, places } = costs(profile);
  // Each of two workers runs half of the tasks.
  const own = name.startsWith('worker') ? tasks / 2 : tasks;
  const busyUs = functions.reduce((sum, { selfUs }) => sum + selfUs, 0);
  const threadsUs = 1e6 * seconds - busyUs;
  const title = `${name}: ${perTask(busyUs, own)} µs a task in its main thread, ${perTask(Math.max(0, threadsUs), own)} in others`;
  return [title, table(functions.slice(0, TOP_FUNCTIONS), own), table(places.slice(0, TOP_PLACES), own)].join(
    '\n',
  );
}

function table(rows: readonly Cost[], tasks: number): string {
  const drawn = new Table({
    head: ['µs a task', 'self time'],
    colAligns: ['right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { what, selfUs } of rows) drawn.push([perTask(selfUs, tasks), what]);
  return drawn.toString();
}

function perTask(us: number, tasks: number): string {
  return (us / tasks).toFixed(2);
}
