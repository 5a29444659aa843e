import type { JobId } from '../model/job.js';

/** What every handle of a job can say of its number. */
export interface Numbered {
  /** What it is called; nothing for one without a name. */
  readonly name?: string;
  readonly id: number | undefined;
  /** Resolves with the job's number once the server has stored the job; rejects when it was refused. */
  readonly accepted: Promise<number>;
}

/** A job by its number, by a handle, or a job of a class itself. */
export type JobReference = JobId | Numbered;

export function isNumbered(value: unknown): value is Numbered {
  return typeof value === 'object' && value !== null && 'id' in value && 'accepted' in value;
}
