import { type DsageError, messageOf, TaskFailedError } from '../model/errors.js';

/** The job's own code, or its decision, fails the job. What else goes wrong in a coordinator says nothing of the job. */
export class JobFault extends Error {
  readonly error: DsageError;

  constructor(error: DsageError) {
    super(error.message);
    this.error = error;
  }
}

/** @param where the method of the class that threw, such as `collect()` */
export function jobFault(where: string, thrown: unknown): JobFault {
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : messageOf(thrown);
  return new JobFault(new TaskFailedError(`${where} threw ${what}`, { cause: thrown }));
}
