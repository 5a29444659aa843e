import type { Dsage } from '../../client/connect.js';
import type { AnyJob } from '../../client/runs.js';
import { plain } from '../../client/save.js';
import { DsageError } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { plural } from '../format/status.js';
import { errorDocument, tellError, tellWhereToLook } from '../tell-error.js';
import { userFrames } from '../user-frames.js';
import { displayFor } from './display.js';
import { Interrupts, type Decision } from './interrupts.js';
import { JobView } from './view.js';

export interface SuperviseOptions {
  readonly timeoutMs: number | undefined;
  /** Its coordinator runs on a worker. */
  readonly isDetached: boolean;
  /** Ctrl-C only stops looking on. */
  readonly isWatching: boolean;
  /** How many tasks had ended before. */
  readonly baseline: number;
  /** What goes on with the job, before its number. */
  readonly command: string;
}

/** So long a job may take to be accepted that is to be stopped at once. */
const ACCEPT_MS = 2_000;

type End = { readonly type: 'result'; readonly result: unknown } | { readonly type: Decision };

/** Shows a job until it ends, or until its user leaves or stops it. Prints its result; returns the exit code. */
export async function supervise(cli: Cli, d: Dsage, job: AnyJob, options: SuperviseOptions): Promise<number> {
  const view = new JobView(d, job, options);
  const display = displayFor(cli, () => view.current());
  const interrupts = new Interrupts({
    io: cli.io,
    question: canAsk(cli) && !options.isWatching ? questionFor(options) : undefined,
    otherwise: options.isWatching ? 'detach' : 'stop',
    onAsk: (question) => display.ask(question),
    onAnswered: () => display.stop(),
    onContinue: () => display.start(),
  });
  try {
    display.start();
    const { timeoutMs } = options;
    const result = job.wait(timeoutMs === undefined ? {} : { timeoutMs });
    const end = await Promise.race<End>([
      result.then((value: unknown) => ({ type: 'result', result: value }) as const),
      interrupts.decision.then((type) => ({ type })),
    ]);
    interrupts.stop();
    display.stop();
    if (end.type === 'result') return succeed(cli, job, end.result);
    result.catch(() => undefined);
    return end.type === 'stop' ? await stop(cli, job) : leave(cli, job, options);
  } catch (error) {
    interrupts.stop();
    display.stop();
    return fail(cli, job, error, options);
  } finally {
    view.stop();
  }
}

function canAsk(cli: Cli): boolean {
  const { stdin, stderr } = cli.io;
  return !cli.json && stdin.isTTY && stderr.isTTY;
}

function questionFor({ isDetached }: SuperviseOptions): string {
  const meaning = isDetached ? 'it goes on without you' : 'it stays on the server, for later';
  return `[d]etach (${meaning}), [s]top or [c]ontinue? `;
}

function succeed(cli: Cli, job: AnyJob, result: unknown): number {
  const { id, status, time: wallTime } = job;
  if (cli.json) cli.printJson({ id, status, result: plain(result), wallTime, progress: job.progress });
  else cli.printValue(result);
  return EXIT.ok;
}

async function stop(cli: Cli, job: AnyJob): Promise<number> {
  const which = job.id === undefined ? 'the job' : `job ${String(job.id)}`;
  cli.note(`dsage: stopping ${which} (Ctrl-C again to leave it)`);
  const stopped = job.stop('stopped by Ctrl-C').then(() => true);
  // A job that has no number may never get one: it is submitted with its first task.
  const isStopped = job.id === undefined ? await Promise.race([stopped, aWhile()]) : await stopped;
  if (!isStopped) {
    stopped.catch(() => undefined);
    cli.note('dsage: the server has not accepted it so far; dsage jobs shows whether it does after all');
  }
  if (cli.json) cli.printJson({ id: job.id, status: 'killed' });
  return EXIT.interrupted;
}

function aWhile(): Promise<boolean> {
  return new Promise((resolve) => setTimeout(resolve, ACCEPT_MS, false));
}

/** @returns 0 where leaving was the answer to a question */
function leave(cli: Cli, job: AnyJob, options: SuperviseOptions): number {
  if (cli.json) cli.printJson({ id: job.id, status: job.status });
  cli.note(whatRemains(job, options));
  return options.isWatching ? EXIT.interrupted : EXIT.ok;
}

/** What a job does once this process is gone, and how to see it again. */
function whatRemains(job: AnyJob, { isDetached, isWatching, command }: SuperviseOptions): string {
  const { id, progress } = job;
  if (id === undefined) return 'The server may have the job or not: look with dsage jobs.';
  const again = `${command} ${String(id)}`;
  if (isDetached || isWatching) return `Job ${String(id)} goes on. Look at it again:\n  ${again} --watch`;
  const open = plural(progress.submitted - progress.done, 'task');
  return `Job ${String(id)} stays on the server; ${open} of it will still run. Go on with it:\n  ${again}`;
}

function fail(cli: Cli, job: AnyJob, error: unknown, options: SuperviseOptions): number {
  const isTimeout = error instanceof DsageError && error.code === 'timeout';
  if (cli.json) {
    cli.printJson({ id: job.id, status: job.status, error: errorDocument(error) });
  } else if (isTimeout) {
    // What it says of going on holds for jobs that need nobody here.
    cli.note(`dsage: ${errorDocument(error).message}`);
  } else {
    tellError(cli.io, error);
    const cause = error instanceof Error ? error.cause : undefined;
    for (const frame of userFrames(cause)) cli.note(`  ${frame}`);
    tellWhereToLook(cli, job.id);
  }
  if (isTimeout) cli.note(whatRemains(job, options));
  return exitCodeOf(error);
}
