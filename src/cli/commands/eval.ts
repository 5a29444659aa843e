import { text as textOf } from 'node:stream/consumers';

import type { AnyHandle } from '../../client/actions.js';
import type { Dsage } from '../../client/connect.js';
import { plain } from '../../client/save.js';
import { DsageError } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { jobId } from '../ids.js';
import { jobOptions, type JobFlags } from '../job-options.js';
import { copyOutput } from '../output.js';
import { errorDocument, tellError, tellWhereToLook } from '../tell-error.js';

interface EvalFlags extends JobFlags {
  readonly vars?: Record<string, unknown>;
  readonly evaluator: string;
  readonly timeout?: number;
  readonly detach?: boolean;
}

export async function evaluate(cli: Cli, [given = '']: string[], flags: EvalFlags): Promise<number> {
  const code = given === '-' ? await textOf(cli.io.stdin) : given;
  const { vars, evaluator } = flags;
  const options = { ...jobOptions(flags), evaluator, ...(vars === undefined ? {} : { vars }) };
  return cli.withServer(async (d) => {
    const job = d.eval(code, options);
    if (flags.detach !== true) return follow(cli, job, { timeoutMs: flags.timeout, killsOnInterrupt: true });
    const id = await job.accepted;
    if (cli.json) cli.printJson({ id });
    else cli.printLine(String(id));
    return EXIT.ok;
  });
}

export async function waitForJob(
  cli: Cli,
  [id]: string[],
  { timeout }: { readonly timeout?: number },
): Promise<number> {
  const number = jobId(id);
  return cli.withServer(async (d: Dsage) => {
    const job = await d.job(number);
    return follow(cli, job, { timeoutMs: timeout, killsOnInterrupt: false });
  });
}

interface FollowOptions {
  readonly timeoutMs: number | undefined;
  readonly killsOnInterrupt: boolean;
}

/** Shows a job's output as it comes, then its result. Ctrl-C stops the job when it is ours to stop. */
async function follow(
  cli: Cli,
  job: AnyHandle,
  { timeoutMs, killsOnInterrupt }: FollowOptions,
): Promise<number> {
  const { interrupted } = cli.io;
  if (killsOnInterrupt) cli.io.catchInterrupt();
  const stopCopying = new AbortController();
  // With --json stdout has the document and nothing else.
  const copied = copyOutput(cli, job.follow(), { stopped: stopCopying.signal, toStderr: cli.json });
  try {
    const result = await job.wait({ signal: interrupted, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    await copied;
    if (cli.json)
      cli.printJson({
        id: job.id,
        status: job.status,
        result: plain(result),
        wallTime: job.wallTime,
        cpuTime: job.cpuTime,
      });
    else cli.printValue(result);
    return EXIT.ok;
  } catch (error) {
    if (interrupted.aborted) return await killInterrupted(cli, job);
    const isEnd = error instanceof DsageError && (error.code === 'task-failed' || error.code === 'killed');
    if (isEnd) await copied;
    if (cli.json) {
      cli.printJson({ id: job.id, status: job.status, error: errorDocument(error) });
    } else {
      tellError(cli.io, error);
      if (isEnd) tellWhereToLook(cli, job.id);
    }
    return exitCodeOf(error);
  } finally {
    stopCopying.abort();
  }
}

async function killInterrupted(cli: Cli, job: AnyHandle): Promise<number> {
  cli.note(`dsage: killing job ${String(job.id ?? '')} (Ctrl-C again to leave it)`);
  await job.kill('interrupted by Ctrl-C');
  return EXIT.interrupted;
}
