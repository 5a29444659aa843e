import { DsageError, messageOf } from '../model/errors.js';
import type { JobId } from '../model/job.js';
import { isNumbered } from './job-reference.js';
import type { JobReference, Numbered } from './job-reference.js';

/** A job that another one is to wait for. */
export type CheckedReference = JobId | Numbered;

const NONE: readonly never[] = [];
const EXAMPLE = 'It must be an array of jobs, such as [job], or of their numbers.';

/**
 * The jobs in the option `after`, copied: what the caller adds to the array later, such as the job itself, is not
 * meant. Throws `invalid-argument` for anything that is neither a number nor the handle of a job.
 */
export function checkAfter(after: readonly JobReference[] | undefined): readonly CheckedReference[] {
  if (after === undefined) return NONE;
  if (!Array.isArray(after)) {
    throw new DsageError('invalid-argument', `after is ${shown(after)}.`, { hint: EXAMPLE });
  }
  return Array.from(after as readonly unknown[], (job, place) => {
    if (isNumbered(job)) return job;
    if (typeof job === 'number' && Number.isSafeInteger(job) && job >= 1) return job;
    throw new DsageError('invalid-argument', `after[${place}] is ${shown(job)}.`, { hint: EXAMPLE });
  });
}

/** The numbers of all of them, when all have been accepted. */
export function numbersOf(after: readonly CheckedReference[]): readonly number[] | undefined {
  if (after.length === 0) return NONE;
  const numbers = after.flatMap((job) => (typeof job === 'number' ? job : (job.id ?? [])));
  return numbers.length === after.length ? numbers : undefined;
}

/** Waits until all of them have numbers. Rejects when one was refused, with its code and name. */
export function numbersSoon(after: readonly CheckedReference[]): Promise<number[]> {
  return Promise.all(after.map(async (job) => (typeof job === 'number' ? job : numberSoon(job))));
}

async function numberSoon(job: Numbered): Promise<number> {
  try {
    return await job.accepted;
  } catch (error) {
    const { name: own = '' } = job;
    const name = own === '' ? 'A job' : `The job ${own}`;
    const code = error instanceof DsageError ? error.code : 'internal';
    throw new DsageError(
      code,
      `${name}, which this one is to wait for, was not accepted: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  const { constructor } = value as { readonly constructor?: { readonly name: string } };
  return `a value of type ${constructor?.name ?? 'object'}`;
}
