import type { AnyJob } from '../../client/runs.js';
import type { JobClass } from '../../jobs/job-class.js';
import { DsageError } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { jobId } from '../ids.js';
import { jobOptions, type JobFlags } from '../job-options.js';
import { loadJobClass } from '../job-run/load-class.js';
import { readParameters } from '../job-run/parameters.js';
import { supervise } from '../job-run/supervise.js';
import { thrownText } from '../job-run/thrown-text.js';

interface RunFlags extends JobFlags {
  readonly class?: string;
  readonly detach?: boolean;
  readonly attach?: string;
  readonly watch?: boolean;
  readonly timeout?: number;
}

/** Runs a job of the class in a file, or goes on with one. */
export async function runFile(cli: Cli, [file = '', given]: string[], flags: RunFlags): Promise<number> {
  const { detach = false, watch = false } = flags;
  const attach = flags.attach === undefined ? undefined : jobId(flags.attach);
  checkFlags(flags, given);
  const parameters = attach === undefined ? await readParameters(given, cli.io.stdin) : undefined;
  const options = jobOptions(flags);
  const Class = await loadJobClass(file, flags.class);
  return cli.withServer(async (d) => {
    const how = { timeoutMs: flags.timeout, isWatching: watch, command: commandFor(file, flags) };
    if (attach !== undefined) {
      const { detached, counts } = await d.jobInfo(attach);
      const baseline = counts.completed + counts.failed + counts.killed;
      const job = await d.attach(Class, attach, { watch });
      return supervise(cli, d, job, { ...how, isDetached: detached, baseline });
    }
    const job = make(Class, parameters);
    if (!detach) return supervise(cli, d, d.start(job, options), { ...how, isDetached: false, baseline: 0 });
    await d.submit(job, options);
    if (watch) return supervise(cli, d, job, { ...how, isDetached: true, baseline: 0 });
    if (cli.json) cli.printJson({ id: job.id });
    else cli.printLine(String(job.id));
    return EXIT.ok;
  });
}

function checkFlags(flags: RunFlags, given: string | undefined): void {
  const { attach, detach = false, watch = false } = flags;
  const wrong = (message: string, hint: string): never => {
    throw new DsageError('invalid-argument', message, { hint });
  };
  if (watch && !detach && attach === undefined) {
    wrong('--watch is for jobs that this process does not coordinate.', 'Add --detach, or --attach ID.');
  }
  if (attach === undefined) return;
  if (detach) wrong('A job is either started detached or attached to.', 'Leave --detach or --attach out.');
  const { labels = [], resources = {}, ...others } = jobOptions(flags);
  const count = labels.length + Object.keys({ ...resources, ...others }).length;
  if (given === undefined && count === 0) return;
  wrong(`Job ${attach} has its parameters and options already.`, 'Leave them out: they are on the server.');
}

/** The command that goes on with the job, without its number. */
function commandFor(file: string, flags: RunFlags): string {
  const name = /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
  return `dsage run ${name}${flags.class === undefined ? '' : ` --class ${flags.class}`} --attach`;
}

function make(Class: JobClass<AnyJob>, parameters: unknown): AnyJob {
  try {
    return Class.fromParameters(parameters);
  } catch (error) {
    const what = `${Class.name} cannot be made of these parameters: ${thrownText(error)}`;
    throw new DsageError('invalid-argument', what, { cause: error });
  }
}
