import { readFile } from 'node:fs/promises';

import { Coordinator } from '../jobs/coordinator.js';
import type { DistributedJob } from '../jobs/distributed-job.js';
import { classOf, homeOf, isJobClass } from '../jobs/job-class.js';
import type { JobClass } from '../jobs/job-class.js';
import { DsageError, messageOf } from '../model/errors.js';
import { isFinal } from '../model/status.js';
import type { JobSpec } from '../wire/gen/dsage/v1/types.js';
import { assertTravels } from '../wire/travels.js';
import { checkId, findJobProgram } from './actions.js';
import { classProgram } from './class-program.js';
import { checkAfter } from './after.js';
import { checkFiles } from './files.js';
import { JobPort } from './job-port.js';
import type { JobSource } from './job-port.js';
import { checkOptions } from './options.js';
import type { JobOptions } from './options.js';
import type { JobInfo } from './queries.js';
import { valueIn } from './payload-value.js';
import { prepareSpec, summaryOf } from './submit.js';
import type { Draft } from './submit.js';
import type { Connection } from './tracked-job.js';

/** A job of any class. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tasks and answers are of the class's own types
export type AnyJob = DistributedJob<any, any, any, any>;

export interface AttachOptions {
  /** Only looks on, whoever coordinates the job, and cuts nobody off. */
  readonly watch?: boolean;
}

/** Coordinates a job from here. Throws for what is no job, for options that make no sense and what cannot travel. */
export function startRun<J extends AnyJob>(connection: Connection, job: J, options: JobOptions): J {
  const draft = classDraft(job, options);
  const spec = prepareSpec(connection, draft);
  run(connection, job, { type: 'new', spec, isDetached: false });
  return job;
}

/** Lets a worker coordinate the job, and looks on from here. Resolves once the server has it. */
export async function submitRun<J extends AnyJob>(
  connection: Connection,
  job: J,
  options: JobOptions,
): Promise<J> {
  const draft = classDraft(job, options);
  const spec = prepareSpec(connection, draft).then((ready): JobSpec => ({ ...ready, detached: true }));
  await run(connection, job, { type: 'new', spec, isDetached: true }).accepted;
  return job;
}

/**
 * Makes a job again from what the server has of it. One that nobody can coordinate any more is coordinated from
 * here; one that has ended, or whose coordinator is on a worker, is looked at.
 */
export async function attachRun<J extends AnyJob>(
  connection: Connection,
  Class: JobClass<J>,
  id: number,
  { watch = false }: AttachOptions = {},
): Promise<J> {
  if (!isJobClass(Class)) {
    throw new DsageError(
      'invalid-argument',
      'd.attach takes a class that extends DistributedJob, then a job.',
      {
        hint: 'Write d.attach(YourClass, 12).',
      },
    );
  }
  const { info, program } = await findJobProgram(connection, id);
  const job = Class.fromParameters(parametersIn(await valueIn(connection, program), Class, id)) as J;
  run(connection, job, await sourceOf(connection, info, watch));
  return job;
}

/** The job that `job.save(file)` wrote down. Throws `invalid-argument` for a file that it did not write. */
export async function restoreRun<J extends AnyJob>(
  connection: Connection,
  Class: JobClass<J>,
  file: string,
): Promise<J> {
  let saved: unknown;
  try {
    saved = (JSON.parse(await readFile(file, 'utf8')) as { readonly job?: unknown } | null)?.job;
  } catch (error) {
    throw new DsageError('invalid-argument', `The file ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Name one that job.save(file) wrote.',
      cause: error,
    });
  }
  return attachRun(connection, Class, checkId(saved));
}

async function sourceOf(connection: Connection, info: JobInfo, watch: boolean): Promise<JobSource> {
  const { id: job, detached: isDetached, status } = info;
  if (watch || isDetached || isFinal(status)) return { type: 'other', job, isDetached };
  try {
    const { coordinator, taskCount } = await connection.rpc.call('coordinateJob', { job });
    return { type: 'own', job, coordinator, taskCount, isDetached };
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof DsageError) || error.code !== 'failed-precondition') throw error;
    return { type: 'other', job, isDetached };
  }
}

function run(connection: Connection, job: AnyJob, source: JobSource): JobPort {
  const port = new JobPort(connection, source);
  new Coordinator(job, port, { follows: port.follows, firstIndex: port.firstIndex }).start();
  return port;
}

function classDraft(job: unknown, options: JobOptions): Draft {
  const { files, after, ...rest } = options;
  const Class = classOf(job);
  const { parameters } = job as DistributedJob;
  const checked = checkOptions(rest, []);
  homeOf(Class);
  assertTravels(parameters, 'parameters');
  const module = classProgram(Class, parameters);
  // Whoever waits for the job hears of it.
  module.catch(() => undefined);
  return {
    ...{ kind: 'class', evaluator: 'javascript', options: checked },
    summary: summaryOf(Class.name),
    program: new Uint8Array(0),
    module,
    files: checkFiles(files),
    after: checkAfter(after),
  };
}

function parametersIn(program: unknown, { name }: JobClass, id: number): unknown {
  const { type, name: ofJob, parameters } = (program ?? {}) as Partial<Readonly<Record<string, unknown>>>;
  if (type === 'class' && ofJob === name) return parameters;
  const what = type === 'class' ? `of the class ${String(ofJob)}, not ${name}` : 'of no job class';
  throw new DsageError('invalid-argument', `Job ${String(id)} is ${what}.`, {
    hint: 'Attach with the class that the job was started with.',
  });
}
