import { plain } from '../../client/save.js';
import { DistributedFactor } from '../../jobs/factor/distributed-factor.js';
import { DsageError } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { EXIT, exitCodeOf, linesOf } from '../exit-codes.js';

interface FactorFlags {
  readonly maxB1?: number;
  readonly timeout?: number;
}

/** How often the line about the stage is written anew. */
const SHOW_MS = 200;

/** Factors an integer on the workers. It coordinates the job, which ends with it: after a timeout too. */
export async function factor(
  cli: Cli,
  [expression = '']: string[],
  { maxB1, timeout }: FactorFlags,
): Promise<number> {
  // Before anything is connected to: what is no integer is wrong usage.
  const job = new DistributedFactor(expression, maxB1 === undefined ? {} : { maxB1 });
  return cli.withServer(async (d) => {
    const { interrupted } = cli.io;
    cli.io.catchInterrupt();
    d.start(job, { name: `factor ${expression}`.slice(0, 60) });
    const hide = showStage(cli, job);
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
        cli.printJson({ ...document(job), error: errorOf(error) });
        return code;
      }
      if (job.primeFactors.length > 0) cli.note(`So far: ${text(expression, job)}`);
      if (interrupted.aborted) return code;
      throw error;
    } finally {
      hide();
    }
  });
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
    ...{ id, status, n: plain(job.parameters.n), wallTime: time },
    primeFactors: plain(job.primeFactors),
    compositeFactors: plain(job.compositeFactors),
  };
}

function errorOf(error: unknown): { code: string; message: string } {
  const [message = ''] = linesOf(error).split('\n');
  return { code: error instanceof DsageError ? error.code : 'internal', message };
}

/** Keeps one line of a terminal up to date; where stderr is none, nothing is shown. Returns what ends it. Idempotent. */
function showStage(cli: Cli, job: DistributedFactor): () => void {
  const { stderr } = cli.io;
  if (!stderr.isTTY) return () => undefined;
  const show = () => stderr.write(`\r\x1b[K${job.stage}`.slice(0, Math.max(20, stderr.columns)));
  const timer = setInterval(show, SHOW_MS);
  let isShown = true;
  return () => {
    clearInterval(timer);
    if (isShown) stderr.write('\r\x1b[K');
    isShown = false;
  };
}
