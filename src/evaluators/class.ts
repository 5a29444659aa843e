import type { ClassProgram } from '../code/module-home.js';
import type { DistributedJob } from '../jobs/distributed-job.js';
import { isJobClass } from '../jobs/job-class.js';
import { DsageError } from '../model/errors.js';
import { decodeValue } from '../wire/codec.js';
import type { CompiledProgram, ProgramFacts } from './evaluator.js';
import { loadExport } from './modules.js';

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
  return { run: (input, context) => job.compute(taskOf(input), context) };
}

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
