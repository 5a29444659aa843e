import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CommandTime, timeCommand } from '../support/command-time.js';
import { curveTimes, hasGmpEcm } from '../support/curve-times.js';
import { type FactorPeer, factorPeers } from '../support/factor-peers.js';
import { descendants, hasArgument, MemoryWatch } from '../support/memory-watch.js';
import { root } from '../support/paths.js';
import type { Report, Row } from '../support/results.js';
import { semiprime } from '../support/semiprime.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

/** Digits, and what one slot may take at most, in seconds; measured on Zen 3, where YAFU 3.1.9 takes 1 / 1.3 of it. */
const ONE_SLOT: Readonly<Record<number, number>> = { 40: 0.5, 45: 0.5, 60: 2.8, 70: 21, 80: 150, 90: 1_100 };
const DEFAULT_DIGITS = [40, 45, 50, 60, 70];
const QUICK_DIGITS = [40, 45];
/** Measured once: longer than all noise. */
const LONG_DIGITS = 70;
const TWO_SLOTS_FROM = 60;
const SCALING_BAR_FROM = 70;
const MEMORY_BAR_FROM = 90;
const CURVE_DIGITS = 80;
const CURVE_BOUNDS = [11_000, 50_000, 250_000, 1_000_000];

/** Factorings as people start them, beside other programs in the same run. */
export const factor: Bench = {
  name: 'factor',
  summary: 'dsage factor on semiprimes, one and two slots, threads and workers; other programs beside it',
  run,
};

async function run({ quick, runs, digits, progress }: BenchOptions): Promise<Report> {
  const rows: Row[] = [];
  const peers = factorPeers.filter(({ missing }) => missing === undefined);
  for (const size of digits ?? (quick ? QUICK_DIGITS : DEFAULT_DIGITS)) {
    const count = size >= LONG_DIGITS ? 1 : runs;
    rows.push(...(await measureSize(size, count, peers, progress)));
  }
  for (const { name, missing } of factorPeers)
    if (missing !== undefined) rows.push({ what: name, unit: 's', values: [], missing });
  if (!quick && digits === undefined) rows.push(...(await headline(progress)));
  if (digits === undefined) rows.push(...curves(quick, progress));
  return {
    title: 'Factoring',
    note:
      'Products of two primes of equal length, another one in each run; the whole command, from its start to its end. ' +
      'A program that was ended at its limit counts with the time it was given.',
    rows,
  };
}

async function measureSize(
  size: number,
  runs: number,
  peers: readonly FactorPeer[],
  progress: (line: string) => void,
): Promise<Row[]> {
  const found = { one: [] as CommandTime[], two: [] as number[], workers: [] as OnWorkers[] };
  const beside = peers
    .filter(({ from, to }) => size >= from && size <= to)
    .map((peer) => ({ peer, times: [] as CommandTime[] }));
  const isShared = size >= TWO_SLOTS_FROM;
  for (let run = 1; run <= runs; run += 1) {
    progress(`${size} digits (run ${run} of ${runs})`);
    const n = semiprime(size, run);
    found.one.push(await dsage(['factor', String(n), '--local', '--workers', '1']));
    for (const { peer, times } of beside) {
      progress(`${size} digits (run ${run} of ${runs}): ${peer.name}`);
      times.push(await peer.factor(n));
    }
    if (!isShared) continue;
    found.two.push((await dsage(['factor', String(n), '--local', '--workers', '2'])).wallS);
    found.workers.push(await onWorkers(String(n)));
  }
  const limit = ONE_SLOT[size];
  const one = found.one.map(({ wallS }) => wallS);
  const rows: Row[] = [
    {
      what: `${size} digits, one slot`,
      unit: 's',
      values: one,
      ...(limit === undefined ? {} : { bar: { atMost: limit } }),
    },
    ...beside.flatMap(({ peer, times }) => besidePeer(size, found.one, peer, times)),
  ];
  if (isShared) {
    const hasBar = size >= SCALING_BAR_FROM;
    rows.push({ what: `${size} digits, two slots`, unit: 's', values: found.two });
    rows.push({
      what: `${size} digits, two slots are faster`,
      ...{ unit: '×', values: quotients(one, found.two) },
      ...(hasBar ? { bar: { atLeast: 1.85 } } : {}),
    });
    rows.push({
      what: `${size} digits, server and two workers`,
      unit: 's',
      values: found.workers.map(({ wallS }) => wallS),
    });
    rows.push({
      what: `${size} digits, server and workers of two slots' time`,
      ...{
        unit: '×',
        values: quotients(
          found.workers.map(({ wallS }) => wallS),
          found.two,
        ),
      },
      ...(hasBar ? { bar: { atMost: 1.05 } } : {}),
    });
    for (const [name, what, atMost] of [
      ['coordinator', 'most memory of the coordinator', 400],
      ['slot', 'most memory of a worker slot', 150],
      ['server', 'most memory of the server', undefined],
    ] as const) {
      rows.push({
        what: `${size} digits, ${what}`,
        ...{ unit: 'MB', values: found.workers.map(({ memory }) => memory[name]) },
        ...(size < MEMORY_BAR_FROM || atMost === undefined ? {} : { bar: { atMost } }),
      });
    }
  }
  return rows;
}

/** What a peer took for the same numbers, and what part of that one slot took. */
function besidePeer(
  size: number,
  ours: readonly CommandTime[],
  peer: FactorPeer,
  theirs: readonly CommandTime[],
): Row[] {
  const atMost = peer.atMost(size);
  const wall = (times: readonly CommandTime[]) => times.map(({ wallS }) => wallS);
  const processor = (times: readonly CommandTime[]) => times.map(({ processorS }) => processorS);
  return [
    { what: `${size} digits, ${peer.name}`, unit: 's', values: wall(theirs) },
    {
      what: `${size} digits, one slot of ${peer.name}'s time`,
      ...{ unit: '×', values: quotients(wall(ours), wall(theirs)) },
      ...(atMost === undefined ? {} : { bar: { atMost } }),
    },
    {
      what: `${size} digits, one slot of ${peer.name}'s processor time`,
      ...{ unit: '×', values: quotients(processor(ours), processor(theirs)) },
    },
  ];
}

function quotients(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, run) => value / (b[run] ?? NaN));
}

/** DSage's own: 2 minutes on 8 processors of 2007. */
async function headline(progress: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [what, args, atMost] of [
    ['11^150+1, two slots', ['11^150+1'], 60],
    ['11^150+1, not using its form', ['11^150+1', '--no-algebraic'], 120],
    ['2^251-1, two slots', ['2^251-1'], undefined],
    ['10^71-1, two slots', ['10^71-1'], undefined],
  ] as const) {
    progress(what);
    const { wallS } = await dsage(['factor', ...args, '--local', '--workers', '2']);
    rows.push({ what, unit: 's', values: [wallS], ...(atMost === undefined ? {} : { bar: { atMost } }) });
  }
  return rows;
}

/** Curves of ECM beside GMP-ECM's, one thread each. */
function curves(quick: boolean, progress: (line: string) => void): Row[] {
  if (!hasGmpEcm())
    return [{ what: 'curves of GMP-ECM', unit: '×', values: [], missing: 'apt-get install gmp-ecm' }];
  return (quick ? [11_000] : CURVE_BOUNDS).flatMap((b1): Row[] => {
    const what = `ECM B1=${b1.toLocaleString('en')}, ${CURVE_DIGITS} digits`;
    progress(what);
    const { first, second, suyama, theirSecond } = curveTimes(CURVE_DIGITS, b1);
    return [
      {
        what: `${what}: stage 1 of GMP-ECM's time`,
        unit: '×',
        values: [first / suyama],
        bar: { atMost: 1.7 },
      },
      {
        what: `${what}: stage 2 of GMP-ECM's time`,
        unit: '×',
        values: [second / theirSecond],
        bar: { atMost: 3 },
      },
    ];
  });
}

interface OnWorkers {
  readonly wallS: number;
  /** MB. */
  readonly memory: Readonly<Record<'coordinator' | 'slot' | 'server', number>>;
}

/** With a server and two workers of a slot each that run already. */
async function onWorkers(n: string): Promise<OnWorkers> {
  const cluster = await Cluster.start();
  const watch = new MemoryWatch({
    coordinator: () => descendants(process.pid).filter((pid) => hasArgument(pid, 'factor')),
    slot: () => cluster.workers.flatMap(({ child }) => descendants(child.pid)),
    server: () => [cluster.server.child.pid ?? NaN],
  });
  try {
    const command = ['factor', n, '--server', cluster.address];
    const { wallS } = await dsage(command, { DSAGE_DIR: cluster.directory });
    return { wallS, memory: watch.stop() };
  } finally {
    watch.stop();
    await cluster.stop();
  }
}

/** The whole command. */
async function dsage(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandTime> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  try {
    return await timeCommand({
      command: process.execPath,
      args: [join(root, 'dist/command/dsage.js'), ...args],
      env: { DSAGE_DIR: directory, ...env },
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
