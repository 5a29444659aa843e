import type { DsageError } from '../model/errors.js';
import { sentence, TaskFailedError } from '../model/errors.js';
import { jobError } from './failure.js';
import type { Feed } from './feed.js';
import { JobHandle } from './job-handle.js';
import { TaskHandle } from './task-handle.js';
import type { TrackedJob } from './tracked-job.js';

/** How far a job of many tasks is. */
export interface Progress {
  /** Tasks so far: more may come while inputs are being read. */
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly killed: number;
  /** Completed, failed or killed. */
  readonly done: number;
}

/** A job with one task per input: what `d.map(f, xs)` gives. Its result is the array of what they returned. */
export class MapJob<T = unknown> extends JobHandle<T[]> {
  readonly #feed: Feed | undefined;
  readonly #taskCount: number;
  #results: T[] | undefined;

  /** @param source what makes the tasks, or how many there are in a job that was submitted elsewhere */
  constructor(tracked: TrackedJob, source: Feed | number) {
    super(tracked);
    this.#feed = typeof source === 'number' ? undefined : source;
    this.#taskCount = typeof source === 'number' ? source : 0;
  }

  /** How many tasks there are so far: inputs are read only as fast as the server takes them. */
  get length(): number {
    const { waiting, processing, completed, failed, killed } = this.tracked.counts;
    const known = waiting + processing + completed + failed + killed;
    return Math.max(this.#feed?.count ?? this.#taskCount, known);
  }

  get progress(): Progress {
    const { completed, failed, killed } = this.tracked.counts;
    const done = Math.max(completed + failed + killed, this.tracked.ledger.count);
    return { total: this.length, completed: done - failed - killed, failed, killed, done };
  }

  /** The results in the order of the inputs, once all tasks are completed; undefined before. */
  override get result(): T[] | undefined {
    const { isSettled, problem, status } = this.tracked;
    if (!isSettled || problem !== undefined || status !== 'completed') return undefined;
    this.#results ??= Array.from(this, (task) => task.result as T);
    return this.#results;
  }

  override get error(): DsageError | undefined {
    const { isSettled, problem, status } = this.tracked;
    if (problem !== undefined) return problem;
    if (!isSettled || status === 'completed') return undefined;
    return this.#errorOf(this.#firstFailed()?.error);
  }

  override get wallTime(): number {
    return this.tracked.wallSeconds;
  }

  /** The handle of one task; a negative index counts from the end. Undefined where there is no task. */
  at(index: number): TaskHandle<T> | undefined {
    const place = index < 0 ? this.length + index : index;
    const isThere = Number.isInteger(place) && place >= 0 && place < this.length;
    return isThere ? new TaskHandle<T>(this.tracked, place) : undefined;
  }

  /** Handles of all tasks so far, in the order of the inputs. */
  *[Symbol.iterator](): Generator<TaskHandle<T>, void, void> {
    for (let index = 0; index < this.length; index++) yield new TaskHandle<T>(this.tracked, index);
  }

  /** The results in the order of the inputs: the same as `wait()`. */
  results(): Promise<T[]> {
    return this.wait();
  }

  /** Handles of tasks as they end, in that order; tasks that were stopped with their job come last. */
  async *asCompleted(): AsyncGenerator<TaskHandle<T>, void, void> {
    const { tracked } = this;
    const { ledger } = tracked;
    tracked.ensureWatched();
    const isHere = (place: number): boolean => {
      const index = ledger.arrival(place);
      return index !== undefined && tracked.isLoaded(index);
    };
    for (let place = 0; ; place++) {
      if (!isHere(place)) {
        await tracked.until(() => isHere(place) || (tracked.isSettled && tracked.problem === undefined));
      }
      const index = ledger.arrival(place);
      if (index === undefined) break;
      yield new TaskHandle<T>(tracked, index);
    }
    for (const task of this) if (!ledger.has(task.index)) yield task;
  }

  protected override async settledResult(): Promise<T[]> {
    const { result } = this;
    if (result !== undefined) return result;
    const first = await this.#firstFailed()
      ?.wait()
      .then(
        () => undefined,
        (error: unknown) => error as DsageError,
      );
    throw this.#errorOf(first);
  }

  protected override restarted(): void {
    this.#results = undefined;
  }

  #firstFailed(): TaskHandle<T> | undefined {
    const { ledger } = this.tracked;
    for (const task of this) if (ledger.has(task.index) && task.status !== 'completed') return task;
    return undefined;
  }

  /** @param first what went wrong with the first task that has a record of it */
  #errorOf(first: DsageError | undefined): DsageError {
    const { label, reason, status, counts } = this.tracked;
    if (status === 'killed' || first?.code !== 'task-failed') {
      return jobError(label, status === 'killed' ? 'killed' : 'failed', reason);
    }
    // Its task says more than the job does: each attempt, the last output, what was thrown.
    const many =
      counts.killed > 0 ? sentence(reason) : `${counts.failed} of its ${this.length} tasks failed.`;
    return new TaskFailedError(`${label} failed: ${many} ${first.message}`, { cause: first.cause ?? first });
  }
}
