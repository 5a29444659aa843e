import { DsageError } from '../model/errors.js';
import { Job } from './job.js';
import { MapJob } from './map-job.js';
import type { TaskHandle } from './task-handle.js';
import type { WaitOptions } from '../jobs/news.js';

export interface BlockOptions extends WaitOptions {
  /** Rejects with the first error instead of leaving it on its handle. */
  readonly rejectOnFailure?: boolean;
}

/** What can be waited for as a group. */
export type Group<T> = MapJob<T> | readonly Job<T>[];

/**
 * Waits until all of a map's tasks, or all of the jobs, have ended. Each handle has its result or its error;
 * nothing rejects for a task that failed, unless it is asked for.
 */
export async function blockOnJobs<T>(
  group: Group<T>,
  options: BlockOptions = {},
): Promise<(TaskHandle<T> | Job<T>)[]> {
  const { rejectOnFailure = false, ...wait } = options;
  checkGroup(group);
  if (group instanceof MapJob) {
    if (rejectOnFailure) await group.wait(wait);
    else await group.settled(wait);
    return [...group];
  }
  await Promise.all(group.map((job) => (rejectOnFailure ? job.wait(wait) : job.settled(wait))));
  return [...group];
}

/** Handles in the order in which their work ends. */
export async function* asCompleted<T>(group: Group<T>): AsyncGenerator<TaskHandle<T> | Job<T>, void, void> {
  checkGroup(group);
  if (group instanceof MapJob) {
    yield* group.asCompleted();
    return;
  }
  const ended: Job<T>[] = [];
  let failure: { readonly error: unknown } | undefined;
  let wake: () => void = () => undefined;
  for (const job of group) {
    job
      .settled()
      .then(() => ended.push(job))
      .catch((error: unknown) => (failure ??= { error }))
      .finally(() => wake());
  }
  for (let given = 0; given < group.length; given++) {
    while (ended[given] === undefined && failure === undefined) {
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const job = ended[given];
    if (job === undefined) throw failure?.error as Error;
    yield job;
  }
}

function checkGroup(group: unknown): void {
  if (group instanceof MapJob) return;
  if (Array.isArray(group) && group.every((job) => job instanceof Job)) return;
  throw new DsageError('invalid-argument', 'This is neither what d.map gives nor an array of jobs.', {
    hint: 'Pass the result of d.map(…), or an array of what d(…) and d.evalFunction(…) gave.',
  });
}
