import type { JobId } from '../model/job.js';

/** What every handle of a job can say of its number. */
interface Numbered {
  readonly id: number | undefined;
  /** Resolves with the job's number once the server has stored the job; rejects when it was refused. */
  readonly accepted: Promise<number>;
}

/** A job by its number or by a handle. */
export type JobReference = JobId | Numbered;
