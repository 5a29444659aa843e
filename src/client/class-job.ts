import type { DsageError } from '../model/errors.js';
import { jobError } from './failure.js';
import { JobHandle } from './job-handle.js';
import type { Progress } from './map-job.js';
import type { TrackedJob } from './tracked-job.js';

/**
 * A job of a class, as `d.job(id)` gives it: its result is what its coordinator said at the end. It says how far the
 * job is without making it again; `d.attach(Class, id)` gives the job itself, and goes on with one that nobody
 * coordinates any more.
 */
export class ClassJob<T = unknown> extends JobHandle<T> {
  /** Its coordinator runs on a worker. */
  readonly isDetached: boolean;

  constructor(tracked: TrackedJob, { isDetached }: { readonly isDetached: boolean }) {
    super(tracked);
    this.isDetached = isDetached;
  }

  /** How many tasks there are so far; the coordinator of a detached job is one of them. */
  get length(): number {
    return this.progress.total;
  }

  /** As the server last said. */
  get progress(): Progress {
    const { waiting, processing, completed, failed, killed } = this.counts;
    const done = completed + failed + killed;
    return { total: waiting + processing + done, completed, failed, killed, done };
  }

  override get result(): T | undefined {
    const { isSettled, problem, status, coordinatorResult } = this.tracked;
    const isThere = isSettled && problem === undefined && status === 'completed';
    return isThere ? (coordinatorResult as T) : undefined;
  }

  override get error(): DsageError | undefined {
    const { isSettled, problem, status, label, reason } = this.tracked;
    if (problem !== undefined) return problem;
    if (!isSettled || status === 'completed') return undefined;
    return jobError(label, status === 'killed' ? 'killed' : 'failed', reason);
  }

  /** Not known: the answers stay on the server, which does not add them up. */
  override get cpuTime(): number {
    return Number.NaN;
  }

  override get wallTime(): number {
    return this.tracked.wallSeconds;
  }

  protected override async settledResult(): Promise<T> {
    if (this.error !== undefined) throw this.error;
    return this.result as T;
  }

  protected override restarted(): void {
    // The tracked job keeps the result.
  }
}
