import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { curveTimes, hasGmpEcm } from '../support/curve-times.js';
import { root } from '../support/paths.js';
import type { Bar, Report, Row } from '../support/results.js';
import { semiprime } from '../support/semiprime.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

/** Digits, and what one slot may take at most, in seconds; measured on Zen 3, where YAFU 3.1.9 takes 1 / 1.3 of it. */
const ONE_SLOT: Readonly<Record<number, number>> = { 40: 0.5, 45: 0.5, 60: 2.8, 70: 21, 80: 150, 90: 1_100 };
const DEFAULT_DIGITS = [40, 45, 50, 60, 70];
const QUICK_DIGITS = [40];
/** Measured once: longer than all noise. */
const LONG_DIGITS = 70;
const PARI_DIGITS = { from: 50, to: 70 };
const TWO_SLOTS_FROM = 60;
const SCALING_BAR_FROM = 70;
const CURVE_DIGITS = 80;
const CURVE_BOUNDS = [11_000, 50_000, 250_000, 1_000_000];

/** Factorings as people start them, beside PARI/GP in the same run. */
export const factor: Bench = {
  name: 'factor',
  summary: 'dsage factor on semiprimes, one and two slots, threads and workers; PARI/GP beside it',
  run,
};

async function run({ quick, runs, digits, progress }: BenchOptions): Promise<Report> {
  const rows: Row[] = [];
  for (const size of digits ?? (quick ? QUICK_DIGITS : DEFAULT_DIGITS)) {
    const count = size >= LONG_DIGITS ? 1 : runs;
    rows.push(...(await measureSize(size, count, progress)));
  }
  if (!quick && digits === undefined) rows.push(...(await headline(progress)));
  if (digits === undefined) rows.push(...curves(quick, progress));
  return {
    title: 'Factoring',
    note: 'Products of two primes of equal length, another one in each run; the whole command, from its start to its end.',
    rows,
  };
}

async function measureSize(size: number, runs: number, progress: (line: string) => void): Promise<Row[]> {
  const found = { one: [] as number[], two: [] as number[], workers: [] as number[], pari: [] as number[] };
  const isShared = size >= TWO_SLOTS_FROM;
  for (let run = 1; run <= runs; run += 1) {
    progress(`${size} digits (run ${run} of ${runs})`);
    const n = String(semiprime(size, run));
    found.one.push(await dsage(['factor', n, '--local', '--workers', '1']));
    if (size >= PARI_DIGITS.from && size <= PARI_DIGITS.to && hasPari()) found.pari.push(await pari(n));
    if (!isShared) continue;
    found.two.push(await dsage(['factor', n, '--local', '--workers', '2']));
    found.workers.push(await onWorkers(n));
  }
  const ratio = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((value, run) => value / (b[run] ?? NaN));
  const limit = ONE_SLOT[size];
  const rows: Row[] = [
    {
      what: `${size} digits, one slot`,
      unit: 's',
      values: found.one,
      ...(limit === undefined ? {} : { bar: { atMost: limit } }),
    },
  ];
  if (found.pari.length > 0) {
    const bar: { bar?: Bar } = size === 70 ? { bar: { atMost: 0.6 } } : {};
    rows.push({ what: `${size} digits, PARI/GP`, unit: 's', values: found.pari });
    rows.push({
      what: `${size} digits, one slot of PARI/GP's time`,
      unit: '×',
      values: ratio(found.one, found.pari),
      ...bar,
    });
  }
  if (isShared) {
    const hasBar = size >= SCALING_BAR_FROM;
    rows.push({ what: `${size} digits, two slots`, unit: 's', values: found.two });
    rows.push({
      what: `${size} digits, two slots are faster`,
      ...{ unit: '×', values: ratio(found.one, found.two) },
      ...(hasBar ? { bar: { atLeast: 1.85 } } : {}),
    });
    rows.push({ what: `${size} digits, server and two workers`, unit: 's', values: found.workers });
    rows.push({
      what: `${size} digits, server and workers of two slots' time`,
      ...{ unit: '×', values: ratio(found.workers, found.two) },
      ...(hasBar ? { bar: { atMost: 1.05 } } : {}),
    });
  }
  return rows;
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
    const seconds = await dsage(['factor', ...args, '--local', '--workers', '2']);
    rows.push({ what, unit: 's', values: [seconds], ...(atMost === undefined ? {} : { bar: { atMost } }) });
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

/** With a server and two workers of a slot each that run already. */
async function onWorkers(n: string): Promise<number> {
  const cluster = await Cluster.start();
  try {
    return await dsage(['factor', n, '--server', cluster.address], { DSAGE_DIR: cluster.directory });
  } finally {
    await cluster.stop();
  }
}

/** Seconds of the whole command. */
async function dsage(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  try {
    const command = [join(root, 'dist/bin/dsage.js'), ...args];
    return await timed(process.execPath, command, { DSAGE_DIR: directory, ...env });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function hasPari(): boolean {
  return spawnSync('gp', ['--version']).status === 0;
}

function pari(n: string): Promise<number> {
  return timed('gp', ['-q', '-f', '-s', '1G'], {}, `print(factorint(${n}))\n`);
}

function timed(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<number> {
  const startMs = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0 && output.trim() !== '') resolve((performance.now() - startMs) / 1000);
      else reject(new Error(`${command} ended with ${String(code)}: ${output}`));
    });
  });
}
