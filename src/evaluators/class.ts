import type { ClassProgram } from '../code/module-home.js';
import type { DistributedJob } from '../jobs/distributed-job.js';
import { isJobClass } from '../jobs/job-class.js';
import { DsageError } from '../model/errors.js';
import { isCoordinator } from '../model/job.js';
import { decodeValue } from '../wire/codec.js';
import type { CompiledProgram, ProgramFacts } from './evaluator.js';
import { loadExport } from './modules.js';
import type { TaskContext } from './task-context.js';

/** Makes the one instance of a job class whose `compute` runs the tasks of the job in this child. */
export async function compileClass(program: ClassProgram, facts: ProgramFacts): Promise<CompiledProgram> {
  const { export: name, parameters } = program;
  const Class = classIn(await loadExport(program, facts), program);
  if (Class === undefined) {
    throw new DsageError('setup', `${name} is no class that extends DistributedJob.`, {
      hint: 'Let the module of the class export it under its own name.',
    });
  }
  const job: DistributedJob = Class.fromParameters(parameters);
  return {
    run: (input, context) =>
      isCoordinator({ detached: facts.isDetached }, context.index)
        ? coordinate(job, context, facts)
        : job.compute(taskOf(input), context),
  };
}

/** The module is named by whoever starts the worker: nothing that runs tasks knows of connections. */
async function coordinate(
  job: DistributedJob,
  context: TaskContext,
  { job: id, coordination, worker }: ProgramFacts,
): Promise<void> {
  if (coordination === undefined) {
    throw new DsageError('setup', `The worker ${worker} runs no coordinators.`, {
      hint: 'Start it with --coordinators 1 or more.',
    });
  }
  const { module, relay, instance } = coordination;
  const { coordinate: run } = (await import(module)) as { readonly coordinate: Coordinate };
  await run({ job, relay, signal: context.signal, lease: { instance, job: id, attempt: context.attempt } });
}

type Coordinate = (how: {
  readonly job: DistributedJob;
  readonly relay: string;
  readonly signal: AbortSignal;
  readonly lease: { readonly instance: string; readonly job: number; readonly attempt: number };
}) => Promise<void>;

/** A module of the older form gives an object of all its exports for its default. */
function classIn(found: unknown, { name }: ClassProgram) {
  if (isJobClass(found)) return found;
  const inside = (found as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return isJobClass(inside) ? inside : undefined;
}

/** Beside the task there is what the coordinator needs when it is made again. */
function taskOf(input: Uint8Array | undefined): unknown {
  const content = input === undefined ? undefined : decodeValue(input);
  if (Array.isArray(content)) return content[0];
  throw new DsageError(
    'setup',
    'The input of a task of a job class is an array that the task comes first in.',
  );
}
