import { DsageError } from '../model/errors.js';
import { CLASS_MARK } from './class-mark.js';
import type { DistributedJob } from './distributed-job.js';

/** A class of jobs: what `d.attach` takes, and what workers make their jobs from. */
export interface JobClass<Job extends DistributedJob = DistributedJob> {
  readonly name: string;
  readonly prototype: Job;
  fromParameters(parameters: unknown): DistributedJob;
}

export function isJobClass(value: unknown): value is JobClass {
  return typeof value === 'function' && (value as { readonly [CLASS_MARK]?: unknown })[CLASS_MARK] === true;
}

/** The class of a job. Throws `invalid-argument` for what is no job. */
export function classOf(job: unknown): JobClass {
  const Class: unknown = typeof job === 'object' && job !== null ? job.constructor : undefined;
  if (isJobClass(Class)) return Class;
  throw new DsageError(
    'invalid-argument',
    'This is not an instance of a class that extends DistributedJob.',
    {
      hint: 'Pass new YourClass(parameters).',
    },
  );
}

/** Where classes are from that were loaded from a copy of their file. */
const homes = new WeakMap<JobClass, string>();

/** The class was loaded from a copy, and what `import.meta.url` says there is of no use: this is its file. */
export function setHome(Class: JobClass, url: string): void {
  homes.set(Class, url);
}

/** Where a class says that it is: `import.meta.url` of its file, or the name of an installed module. */
export function homeOf(Class: JobClass): string {
  const home: unknown = homes.get(Class) ?? (Class as { readonly module?: unknown }).module;
  if (typeof home === 'string' && home !== '') return home;
  throw new DsageError('not-shippable', `The class ${Class.name} does not say which module it is in.`, {
    hint: `Add to it: static readonly module = import.meta.url;`,
  });
}
