import { setFlagsFromString } from 'node:v8';

import type { Dsage } from '../../client/connect.js';
import { DistributedFactor } from '../../jobs/factor/distributed-factor.js';
import type { DistributedFactorOptions } from '../../jobs/factor/distributed-factor.js';
import { DsageError } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { showFactoring } from '../factor-display.js';
import { errorDocument, tellError, tellWhereToLook } from '../tell-error.js';

interface FactorFlags extends DistributedFactorOptions {
  readonly local?: boolean;
  readonly workers?: number;
  readonly timeout?: number;
}

interface Work {
  readonly expression: string;
  readonly job: DistributedFactor;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  /** On a server that is there afterwards. */
  readonly isKept: boolean;
}

/** Factors an integer: on the workers of a server, on workers of its own, or on threads of this machine. */
export async function factor(cli: Cli, [expression = '']: string[], flags: FactorFlags): Promise<number> {
  // Before anything is started or connected to: what is no integer is wrong usage.
  const job = new DistributedFactor(expression, optionsOf(flags));
  const isKept = flags.local !== true && flags.workers === undefined;
  const work = { expression, job, timeout: flags.timeout, isKept };
  if (flags.local === true) {
    const start = await localStart(job, flags.workers);
    return supervise(cli, work, start);
  }
  const onServer = (d: Dsage): Promise<number> =>
    supervise(cli, work, () => {
      d.start(job, { name: `factor ${expression}`.slice(0, 60) });
    });
  if (flags.workers === undefined) return cli.withServer(onServer);
  return withWorkers(cli, flags.workers, onServer);
}

/** A thread takes longer to start than a brief job to end. */
async function localStart(job: DistributedFactor, slots: number | undefined): Promise<() => void> {
  if (job.isBrief) {
    const { startHere } = await import('../../local/start-here.js');
    // A process that is busy until its end may never end: Node 20 waits for the compiler, which waits for memory that
    // only the main thread could collect. Compiled code gains nothing in so short a time.
    setFlagsFromString('--no-opt');
    return () => void startHere(job);
  }
  const { startLocally } = await import('../../local/start.js');
  return () => void startLocally(job, slots === undefined ? {} : { slots });
}

function optionsOf({ maxB1, maxCurves, maxSieveDigits, algebraic }: FactorFlags): DistributedFactorOptions {
  return {
    ...(maxB1 === undefined ? {} : { maxB1 }),
    ...(maxCurves === undefined ? {} : { maxCurves }),
    ...(maxSieveDigits === undefined ? {} : { maxSieveDigits }),
    ...(algebraic === false ? { algebraic } : {}),
  };
}

/** So many workers run on this machine while it works; a server too, where none does. */
async function withWorkers(cli: Cli, workers: number, use: (d: Dsage) => Promise<number>): Promise<number> {
  if (cli.namesServer) {
    throw new DsageError('invalid-argument', '--workers starts workers here, and the server is elsewhere.', {
      hint: 'Start workers with dsage-worker --server, or leave --server (and $DSAGE_SERVER) out.',
    });
  }
  const { startAll } = await import('../../deploy/start-all.js');
  const d = await startAll({ directory: cli.directory, workers });
  try {
    return await use(d);
  } finally {
    await d.close();
  }
}

/** Waits for the job, which ends with this process: after a timeout too. */
async function supervise(
  cli: Cli,
  { expression, job, timeout, isKept }: Work,
  start: () => void,
): Promise<number> {
  const { interrupted } = cli.io;
  cli.io.catchInterrupt();
  start();
  const hide = showFactoring(cli, job);
  try {
    await job.wait({ signal: interrupted, ...(timeout === undefined ? {} : { timeoutMs: timeout }) });
    hide();
    print(cli, expression, job);
    return EXIT.ok;
  } catch (error) {
    hide();
    if (!job.done) await job.stop(interrupted.aborted ? 'interrupted by Ctrl-C' : 'it took too long');
    const code = interrupted.aborted ? EXIT.interrupted : exitCodeOf(error);
    if (cli.json) {
      cli.printJson({ ...document(job), error: errorDocument(error) });
      return code;
    }
    if (job.primeFactors.length > 0 || job.compositeFactors.length > 1)
      cli.note(`So far: ${text(expression, job)}`);
    if (interrupted.aborted) return code;
    if (code === EXIT.timeout) {
      // What the error says of going on holds for jobs that need nobody here.
      cli.note(`dsage: ${errorDocument(error).message}`);
      cli.note('  It was stopped. Give it more time with --timeout, or leave that out.');
      return code;
    }
    tellError(cli.io, error);
    if (isKept && code === EXIT.failed) tellWhereToLook(cli, job.id);
    return code;
  } finally {
    hide();
  }
}

function text(expression: string, job: DistributedFactor): string {
  return `${expression.trim()} = ${String(job)}`;
}

function print(cli: Cli, expression: string, job: DistributedFactor): void {
  if (cli.json) {
    cli.printJson(document(job));
    return;
  }
  cli.printLine(text(expression, job));
  if (job.compositeFactors.length > 0)
    cli.note('The limit was reached: what is in parentheses is composite.');
}

function document(job: DistributedFactor) {
  const { id, status, time } = job;
  return {
    ...{ id, status, n: String(job.parameters.n), wallTime: time },
    primeFactors: asText(job.primeFactors),
    compositeFactors: asText(job.compositeFactors),
  };
}

/** JSON has no integers of this size. */
function asText(powers: readonly [bigint, number][]): [string, number][] {
  return powers.map(([base, exponent]) => [String(base), exponent]);
}
