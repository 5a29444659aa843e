// Runs benchmarks one after another and prints what they found. scripts/run-bench.mjs starts it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

import { Command, InvalidArgumentError } from 'commander';

import type { Bench, BenchOptions } from './benches/bench.js';
import { factor } from './benches/factor.js';
import { jobs } from './benches/jobs.js';
import { idle } from './benches/idle.js';
import { latency } from './benches/latency.js';
import { monitor } from './benches/monitor.js';
import { page } from './benches/page.js';
import { scale } from './benches/scale.js';
import { single } from './benches/single.js';
import { start } from './benches/start.js';
import { throughput } from './benches/throughput.js';
import { workers } from './benches/workers.js';
import { root } from './support/paths.js';
import { profile } from './support/profile.js';
import type { Report } from './support/results.js';
import { renderBars, renderReport } from './support/table.js';

const BENCHES: readonly Bench[] = [
  throughput,
  single,
  jobs,
  latency,
  scale,
  workers,
  idle,
  start,
  monitor,
  page,
];
/** Takes minutes: only where it is named, as by npm run bench:factor. */
const NAMED_BENCHES: readonly Bench[] = [factor];
const RUNS = 3;

interface Flags {
  readonly quick: boolean;
  readonly runs?: number;
  readonly save: boolean;
  readonly profile: boolean;
  readonly digits?: readonly number[];
}

interface Outcome {
  readonly bench: string;
  readonly report: Report;
}

const list = [...BENCHES, ...NAMED_BENCHES]
  .map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`)
  .join('\n');

const program = new Command('npm run bench --')
  .description('Measures dsage beside its peers, and says which bars are met.')
  .argument('[names...]', 'benchmarks to run; all unless given')
  .option('--quick', 'few tasks and as few runs as can be: shows that it works, not how fast it is', false)
  .option('--runs <n>', 'how often to repeat; medians count (default: 3; of monitor 4)', positive)
  .option('--save', 'also write the figures to a file in bench/results', false)
  .option(
    '--profile',
    'with throughput, single or latency: show where the time goes, process by process',
    false,
  )
  .option('--digits <list>', 'with factor: only numbers of these lengths, such as 80,90', lengths)
  .addHelpText('after', `\nBenchmarks:\n${list}`);

process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
await main(program.parse().args, program.opts<Flags>());

async function main(names: readonly string[], flags: Flags): Promise<void> {
  const optionsOf = ({ runs = RUNS }: Pick<Bench, 'runs'>): BenchOptions => ({
    quick: flags.quick,
    runs: flags.runs ?? (flags.quick ? 1 : runs),
    ...(flags.digits === undefined ? {} : { digits: flags.digits }),
    progress: (line) => process.stderr.write(`  … ${line}\n`),
  });
  console.log(`${machine()}\n`);
  if (flags.profile) {
    for (const name of names.length === 0 ? ['throughput'] : names)
      console.log(await profile(name, optionsOf({})));
    return;
  }
  const outcomes: Outcome[] = [];
  for (const bench of chosen(names)) {
    try {
      const report = await bench.run(optionsOf(bench));
      outcomes.push({ bench: bench.name, report });
      console.log(renderReport(report));
    } catch (error) {
      console.error(
        `${bench.name} could not be run: ${error instanceof Error ? error.message : String(error)}\n`,
      );
      process.exitCode = 1;
    }
  }
  console.log(renderBars(outcomes.map(({ report }) => report)));
  if (flags.save) console.log(`saved to ${save(outcomes)}`);
}

function chosen(names: readonly string[]): readonly Bench[] {
  const all = [...BENCHES, ...NAMED_BENCHES];
  const unknown = names.find((name) => !all.some((bench) => bench.name === name));
  if (unknown !== undefined) program.error(`There is no benchmark ${unknown}. There are:\n${list}`);
  return names.length === 0 ? BENCHES : all.filter(({ name }) => names.includes(name));
}

function machine(): string {
  const [first, ...others] = cpus();
  const load = loadavg()[0]?.toFixed(2) ?? '?';
  return `${first?.model ?? 'unknown processor'}, ${others.length + 1} cores, Node ${process.versions.node}, load ${load} before the start`;
}

/** One JSON object a line for each row of each report. Returns the file's path. */
function save(outcomes: readonly Outcome[]): string {
  const atMs = Date.now();
  const about = { at: new Date(atMs).toISOString(), machine: machine() };
  const lines = outcomes.flatMap(({ bench, report }) =>
    report.rows.map((row) => JSON.stringify({ bench, ...row, ...about })),
  );
  const file = join('bench', 'results', `${about.at.replaceAll(':', '-')}.jsonl`);
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  writeFileSync(join(root, file), `${lines.join('\n')}\n`);
  return file;
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

function lengths(text: string): number[] {
  return text.split(',').map(positive);
}
