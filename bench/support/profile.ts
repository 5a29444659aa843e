import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import Table from 'cli-table3';

import type { BenchOptions } from '../benches/bench.js';
import { Cluster } from '../systems/cluster.js';
import { type Cost, type CpuProfile, costs } from './cpu-profile.js';
import { waitUntil } from './net.js';
import { programPath } from './paths.js';
import { cpuSeconds, withDescendants } from './proc.js';

const PRELOAD = pathToFileURL(programPath('profile-preload')).href;
const TOP_FUNCTIONS = 25;
const TOP_PLACES = 10;

interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly cpu: number;
}

interface Scenario {
  readonly do: string;
  /** The field of the command that says how many. A child is replaced after 100,000 tasks, with its profile. */
  readonly field: string;
  readonly count: number;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  throughput: { do: 'map', field: 'tasks', count: 120_000 },
  single: { do: 'single', field: 'jobs', count: 20_000 },
  latency: { do: 'latency', field: 'samples', count: 1_000 },
};

/**
 * Runs what a benchmark runs under V8's profiler, and says what each process spends its time on.
 *
 * @param name of the benchmark; throws when there is no profile for it
 */
export async function profile(name: string, { quick, progress }: BenchOptions): Promise<string> {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) {
    throw new Error(`${name} has no profile; these have: ${Object.keys(SCENARIOS).join(', ')}`);
  }
  const tasks = quick ? scenario.count / 5 : scenario.count;
  const command = (count: number) => ({ do: scenario.do, [scenario.field]: count });
  const directory = mkdtempSync(join(tmpdir(), 'dsage-profile-'));
  const env = { DSAGE_BENCH_PROFILES: directory, NODE_OPTIONS: `--import=${PRELOAD}` };
  const cluster = await Cluster.start({ env });
  try {
    const client = await cluster.startClient('profiled-client', { profiles: directory });
    progress('warming up');
    await client.ask(command(tasks / 10));
    const { pids } = await client.ask({ do: 'begin' });
    const watched = watch(cluster, client.pid, (pids as number[])[0] ?? 0);
    progress(`${name}: ${tasks} tasks under the profiler`);
    signal(watched);
    await client.ask(command(tasks));
    signal(watched);
    const used = watched.map(({ pid, cpu }) => cpuSeconds(pid) - cpu);
    await client.ask({ do: 'end' });
    await waitUntil('all profiles are written', () =>
      watched.every(({ pid }) => profileOf(directory, pid) !== undefined),
    );
    const texts = watched.map((process, place) =>
      render(process, { directory, tasks, seconds: used[place] ?? NaN }),
    );
    return [`${name}; the profiles are in ${directory}`, ...texts].join('\n\n');
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
  const sampledUs = functions.reduce((sum, { selfUs }) => sum + selfUs, 0);
  const cpuUs = 1e6 * seconds;
  // The profiler samples by the clock, also while the process waits for a core that others have.
  const scale = cpuUs / sampledUs;
  const title = `${name}: ${perTask(cpuUs, own)} µs of CPU a task`;
  const shown = (costs: readonly Cost[]): string =>
    table(
      costs.map(({ what, selfUs }) => ({ what, selfUs: selfUs * scale })),
      own,
    );
  return [title, shown(functions.slice(0, TOP_FUNCTIONS)), shown(places.slice(0, TOP_PLACES))].join('\n');
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
