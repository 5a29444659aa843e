#!/usr/bin/env node
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

import { DsageError } from '../model/errors.js';
import { DEFAULT_GRPC_PORT } from '../model/protocol.js';
import { packageVersion } from '../wire/hello.js';
import { defaultSlots } from '../worker/info.js';
import type { WorkerEnd } from '../worker/notices.js';
import { DEFAULT_COORDINATORS } from '../worker/options.js';
import { Worker } from '../worker/worker.js';
import { JsonReporter, LineReporter } from './worker-reporter.js';

/** Exit codes: 0 drained, 1 stopped at once or failed, 2 wrong usage or refused by the server. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface Flags {
  readonly server: string;
  readonly directory: string;
  readonly slots?: number;
  readonly coordinators: number;
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  readonly nice: number;
  readonly memoryPerSlot?: number;
  readonly name?: string;
  readonly json?: true;
  readonly verbose?: true;
  readonly exitWithParent?: true;
}

const EXAMPLES = `
Examples:
  $ dsage-worker                                     one slot per core, for the server on this machine
  $ dsage-worker --server lab1:8081 --slots 4        four tasks at a time, for the server on lab1
  $ dsage-worker --labels gpu,bigmem --resources gpu=2
                                                     also takes tasks that ask for a label or a resource
  $ dsage-worker --nice 20 --memory-per-slot 2048    stays out of the way, and stops tasks above 2 GiB

Ctrl-C or SIGTERM finishes what runs and takes nothing new; a second one stops at once.
The directory needs dsage_key, dsage_key.pub and pubcert.pem, made by \`dsage setup\` or copied from there.`;

// Whoever read our lines may be gone: that is no reason to stop computing.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

await main();

async function main(): Promise<void> {
  const flags = readFlags();
  const say = flags.json ? new JsonReporter() : new LineReporter(flags.server);
  try {
    const worker = new Worker({
      server: flags.server,
      directory: resolve(flags.directory),
      slots: flags.slots ?? defaultSlots(process.env),
      coordinators: flags.coordinators,
      environment: process.env,
      labels: flags.labels,
      resources: flags.resources,
      niceness: flags.nice,
      ...(flags.memoryPerSlot === undefined ? {} : { memoryMb: flags.memoryPerSlot }),
      ...(flags.name === undefined ? {} : { name: flags.name }),
      verbose: flags.verbose ?? false,
      coordinatorModule: new URL('../client/coordinate.js', import.meta.url).href,
      onNotice: (notice) => {
        say.notice(notice);
      },
    });
    await worker.start();
    say.started(worker.instance);
    stopOnSignals(worker);
    if (flags.exitWithParent) stopWithParent(worker);
    const end = await worker.ended;
    say.ended(end);
    process.exit(exitCodeOf(end));
  } catch (error) {
    say.failed(error);
    process.exit(error instanceof DsageError && error.code === 'invalid-argument' ? EXIT_USAGE : EXIT_FAILED);
  }
}

function readFlags(): Flags {
  const program = new Command('dsage-worker')
    .description('Runs tasks for a dsage server, each in a process of its own.')
    .version(packageVersion(), '-V, --version')
    .addOption(
      new Option('-s, --server <host:port>', 'where the server is')
        .env('DSAGE_SERVER')
        .default(`127.0.0.1:${String(DEFAULT_GRPC_PORT)}`),
    )
    .addOption(
      new Option('-d, --directory <dir>', 'keys, log and task files')
        .env('DSAGE_DIR')
        .default(join(homedir(), '.sage', 'dsage'), '~/.sage/dsage'),
    )
    .option('-n, --slots <n>', 'how many tasks run at once (default: one per core)', wholeNumber)
    .option(
      '--coordinators <n>',
      'how many coordinators of detached jobs run beside the slots, 0 to 64',
      wholeNumber,
      DEFAULT_COORDINATORS,
    )
    .option('-l, --labels <a,b>', 'what tasks may ask for by name', commaList, [])
    .option('-r, --resources <gpu=1,…>', 'what tasks may ask for by amount', amounts, {})
    .option('--nice <n>', 'niceness of the tasks, 0 to 20', wholeNumber, 0)
    .option('--memory-per-slot <MiB>', 'memory that one task may use (default: unlimited)', wholeNumber)
    .option('--name <name>', 'shown in tables (default: host and process number)')
    .option('--json', 'print one JSON object a line on stdout')
    .option('-v, --verbose', 'show the log on stderr')
    .addOption(new Option('--exit-with-parent', 'stop at once when stdin ends').hideHelp())
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  try {
    return program.parse().opts<Flags>();
  } catch (error) {
    // Commander has said what is wrong, or printed what was asked for.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
    throw error;
  }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function commaList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function amounts(text: string): Record<string, number> {
  const pairs = commaList(text).map((part): [string, number] => {
    const [name = '', amount = '1', ...rest] = part.split('=');
    const value = Number(amount);
    if (name === '' || amount === '' || rest.length > 0 || Number.isNaN(value)) {
      throw new InvalidArgumentError('It must look like gpu=1,memory=4.');
    }
    return [name, value];
  });
  return Object.fromEntries(pairs);
}

function stopOnSignals(worker: Worker): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals === 1) worker.drain(signal);
    else void worker.stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** Whoever started this worker holds the other end of its stdin: when that ends, nobody looks after it. */
function stopWithParent(worker: Worker): void {
  const stop = (): void => {
    void worker.stop();
  };
  process.stdin.on('end', stop).on('error', stop).resume();
}

function exitCodeOf(end: WorkerEnd): number {
  if (end.type === 'drained') return 0;
  return end.type === 'refused' ? EXIT_USAGE : EXIT_FAILED;
}
