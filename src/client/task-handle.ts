import { inspect } from 'node:util';

import type { DsageError } from '../model/errors.js';
import type { TaskStatus } from '../model/status.js';
import type { Answer } from '../model/task.js';
import { failureOf, jobError, readFailure, taskError, valueOf } from './failure.js';
import { followOutput } from './follow.js';
import type { OutputOptions, OutputPiece } from './follow.js';
import type { WaitOptions } from '../jobs/news.js';
import type { TrackedJob } from './tracked-job.js';

/** One task of a job of many, as its user holds it. Made on demand: two handles of one task are alike. */
export class TaskHandle<T = unknown> {
  readonly #tracked: TrackedJob;
  /** The task's place among the inputs, from 0. */
  readonly index: number;
  #value: { readonly of: Answer; readonly result: T } | undefined;

  /** Handles come from a map: `map.at(3)`, `for (const task of map)`, `d.asCompleted(map)`. */
  constructor(tracked: TrackedJob, index: number) {
    this.#tracked = tracked;
    this.index = index;
  }

  /** `waiting` also for one that runs: which ones do, only the server knows (`d.tasks(job)`). */
  get status(): TaskStatus {
    const answer = this.#answer();
    if (answer !== undefined && answer.outcome !== 'returned') return answer.outcome;
    return this.#tracked.isSettled ? 'killed' : 'waiting';
  }

  /** What the function returned; undefined until the task is completed. */
  get result(): T | undefined {
    const answer = this.#answer();
    if (answer?.outcome !== 'completed') return undefined;
    if (this.#value?.of.attempt !== answer.attempt) {
      this.#value = { of: answer, result: valueOf(answer.payload) as T };
    }
    return this.#value.result;
  }

  /** Why there is no result and will be none, with the reason of the last attempt; undefined otherwise. */
  get error(): DsageError | undefined {
    const answer = this.#answer();
    if (answer === undefined) return this.#tracked.problem ?? this.#endWithoutAnswer();
    return answer.outcome === 'completed' ? undefined : taskError(this.#label(), answer, [failureOf(answer)]);
  }

  /** The number of the attempt that ended the task, reruns included; 0 before that. */
  get attempts(): number {
    return this.#answer()?.attempt ?? 0;
  }

  /** The server's number of the worker that ran the task; undefined before it has ended. */
  get worker(): number | undefined {
    return this.#answer()?.worker;
  }

  /** Seconds of CPU time; 0 before the task has ended. */
  get cpuTime(): number {
    return (this.#answer()?.cpuUs ?? 0) / 1e6;
  }

  /** Seconds from start to end; 0 before the task has ended. */
  get wallTime(): number {
    return (this.#answer()?.wallUs ?? 0) / 1e6;
  }

  /** The task's result, once it is completed. Rejects as the `wait` of a job does. */
  async wait(options: WaitOptions = {}): Promise<T> {
    const tracked = this.#tracked;
    tracked.ensureWatched();
    await tracked.until(
      () => tracked.isLoaded(this.index) || (tracked.isSettled && !tracked.problem),
      options,
    );
    const answer = this.#answer();
    if (answer?.outcome === 'completed') return this.result as T;
    if (answer === undefined) throw this.#endWithoutAnswer() ?? jobError(this.#label(), 'killed', '');
    throw await this.#fullError(answer);
  }

  /** Stops this task alone. One that has ended stays as it is. */
  async kill(reason = ''): Promise<void> {
    const tracked = this.#tracked;
    await tracked.until(() => tracked.id !== undefined);
    const jobs = tracked.id === undefined ? [] : [tracked.id];
    await tracked.connection.rpc.call('killJobs', { jobs, all: false, reason, indexes: [this.index] });
  }

  /** What the task writes, as it comes, until its job ends. */
  async *follow(options: OutputOptions = {}): AsyncGenerator<OutputPiece, void, void> {
    const tracked = this.#tracked;
    await tracked.until(() => tracked.id !== undefined);
    const request = { follow: true, ...options, index: this.index };
    yield* followOutput(tracked.connection, tracked.id ?? 0, request);
  }

  [inspect.custom](): string {
    return `TaskHandle { job ${this.#tracked.id ?? '?'}, index ${this.index}, ${this.status} }`;
  }

  #answer(): Answer | undefined {
    return this.#tracked.isLoaded(this.index) ? this.#tracked.ledger.answer(this.index) : undefined;
  }

  #endWithoutAnswer(): DsageError | undefined {
    const { isSettled, reason } = this.#tracked;
    return isSettled ? jobError(this.#label(), 'killed', reason) : undefined;
  }

  #label(): string {
    const { label } = this.#tracked;
    return `Task ${this.index} of ${label.charAt(0).toLowerCase()}${label.slice(1)}`;
  }

  /** With every attempt's reason, which only the server has. */
  async #fullError(answer: Answer): Promise<DsageError> {
    const last = [failureOf(answer)];
    if (answer.outcome !== 'failed' || answer.attempt === 1) return taskError(this.#label(), answer, last);
    const { rpc } = this.#tracked.connection;
    const known = await rpc
      .call('getTask', { job: this.#tracked.id ?? 0, index: this.index })
      .then(({ failures }) => failures.map(readFailure))
      .catch(() => last);
    return taskError(this.#label(), answer, known.length > 0 ? known : last);
  }
}
