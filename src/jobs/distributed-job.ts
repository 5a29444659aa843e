import { EventEmitter } from 'node:events';
import { writeFile } from 'node:fs/promises';

import { DsageError } from '../model/errors.js';
import type { JobStatus } from '../model/status.js';
import { CLASS_MARK } from './class-mark.js';
import type { JobContext } from './context.js';
import { deepFreeze } from './freeze.js';
import type { WaitOptions } from './news.js';
import type { Run, RunCounts } from './run.js';

/** What the coordinator does about a task that failed for good. */
export type FailureDecision = 'retry' | 'skip' | 'fail';

/** How far a job is. */
export interface JobProgress extends RunCounts {
  /** How many tasks there will be, where the class knows: see `total`. */
  readonly total: number | undefined;
}

export interface JobEvents<Task = unknown, Answer = unknown> {
  /** An answer was collected. */
  readonly collected: [answer: Answer, task: Task, index: number];
  /** A task failed for good, and this was decided. */
  readonly failed: [error: DsageError, task: Task, decision: FailureDecision];
  /** The job has ended, however it did. */
  readonly end: [status: JobStatus];
}

/**
 * What `tasks()` may yield in place of a task: there is none before another answer has come, and then it is asked again.
 * When all tasks have been answered, it is the end of the tasks.
 */
export const NOT_YET: unique symbol = Symbol.for('dsage.NOT_YET');
export type NotYet = typeof NOT_YET;

const NOTHING_YET: RunCounts = { submitted: 0, completed: 0, failed: 0, done: 0 };

/**
 * Base of job classes, as DSage had it. `tasks()` and `collect()` run in the coordinator, `compute()` on the workers:
 *
 *     export class MersenneSearch extends DistributedJob<{ limit: number }, number, boolean, number[]> {
 *       static readonly module = import.meta.url;
 *       #found: number[] = [];
 *       *tasks() { for (let p = 3; p <= this.parameters.limit; p += 2) yield p; }
 *       compute(p: number) { return lucasLehmer(p); }
 *       collect(isPrime: boolean, p: number) { if (isPrime) this.#found.push(p); }
 *       get result() { return this.#found; }
 *     }
 *
 * Run it with `d.start(job)`, `d.submit(job)` or `d.attach(MersenneSearch, id)`. A coordinator that dies is
 * made again by replay: the same parameters, tasks and answers in the same order must lead to the same state, so
 * that `tasks` and `collect` may depend on those alone, and not on the time, on chance or on the outside.
 *
 * `Parameters`, `Task`, `Answer` and `Result` are values that travel.
 */
export abstract class DistributedJob<
  Parameters = unknown,
  Task = unknown,
  Answer = unknown,
  Result = unknown,
> {
  /** @internal */
  static readonly [CLASS_MARK] = true as const;

  /** Makes the job anew, on a worker or after a crash: `new Class(parameters)` unless the class says otherwise. */
  static fromParameters(parameters: unknown): DistributedJob {
    const Class = this as unknown as new (parameters: unknown) => DistributedJob;
    return new Class(parameters);
  }

  /** Frozen. */
  readonly parameters: Parameters;
  #run: Run | undefined;
  readonly #events = new EventEmitter<JobEvents<Task, Answer>>();

  constructor(parameters: Parameters) {
    this.parameters = deepFreeze(parameters);
  }

  /**
   * The tasks, in the coordinator: they may be lazy, asynchronous and endless, and are asked for a few at a time. Where
   * the next one depends on answers that are still to come, `NOT_YET` stands for it.
   */
  abstract tasks(): Iterable<Task | NotYet> | AsyncIterable<Task | NotYet>;

  /** One task, on a worker. What it throws fails the attempt. */
  abstract compute(task: Task, context: JobContext): Answer | Promise<Answer>;

  /** Takes one answer, in the coordinator, in the order in which they were recorded. What it throws fails the job. */
  abstract collect(answer: Answer, task: Task, index: number): void | Promise<void>;

  /** What the job gives; may be looked at at any time. */
  abstract get result(): Result;

  /** What becomes of a task whose attempts all failed: try it again as a new task, go on without it, or fail the job. */
  onFailure(_error: DsageError, _task: Task, _index: number): FailureDecision {
    return 'fail';
  }

  /** How many tasks there will be, for progress bars; undefined where the class cannot know. */
  get total(): number | undefined {
    return undefined;
  }

  /** One line that says what the job is doing, for people. */
  get stage(): string {
    return '';
  }

  /**
   * What other people see of it while it runs, in `dsage job N` and in the monitor: its stage unless the class says more.
   * Asked for once a second; 500 characters are kept.
   */
  get note(): string {
    return this.stage;
  }

  /** How far it is, from 0 to 1; undefined where the class cannot know. By the number of its tasks unless it says otherwise. */
  get fraction(): number | undefined {
    const { done, total } = this.progress;
    return total === undefined || total <= 0 ? undefined : Math.min(1, done / total);
  }

  /** Adds a task from `collect`, beside those of `tasks()`. */
  protected submit(task: Task): void {
    this.#running('submit').submit(task);
  }

  /** Ends the job now: nothing more is collected, and the tasks that wait or run are stopped. */
  protected finish(): void {
    this.#running('finish').finish();
  }

  /** Stops one task, by its index; it is not collected. One that has ended stays as it is. */
  protected killTask(index: number): void {
    this.#running('killTask').killTasks((_task, at) => at === index);
  }

  /** Stops all tasks that have no answer yet and of which `which` says so. */
  protected killTasks(which: (task: Task, index: number) => boolean): void {
    this.#running('killTasks').killTasks((task, index) => which(task as Task, index));
  }

  /** The job's number on the server; undefined before it is accepted, and for a local run. */
  get id(): number | undefined {
    return this.#run?.id;
  }

  /** Resolves with the job's number once the server has stored the job; rejects when it was refused. */
  get accepted(): Promise<number> {
    return this.#running('accepted').accepted;
  }

  get status(): JobStatus {
    return this.#run?.status ?? 'waiting';
  }

  /** The job has ended, however it did. */
  get done(): boolean {
    return this.#run?.isDone ?? false;
  }

  get error(): DsageError | undefined {
    return this.#run?.error;
  }

  get progress(): JobProgress {
    return { ...(this.#run?.counts ?? NOTHING_YET), total: this.total };
  }

  /** When its first run began here; undefined before that. */
  get startTime(): Date | undefined {
    return this.#run?.startTime;
  }

  get endTime(): Date | undefined {
    return this.#run?.endTime;
  }

  /** Seconds from start to end, or to now. */
  get time(): number {
    const { startTime, endTime } = this;
    return startTime === undefined ? 0 : ((endTime ?? new Date()).getTime() - startTime.getTime()) / 1000;
  }

  /**
   * The result, once the job has ended. Rejects with TimeoutError, with the signal's reason, with
   * TaskFailedError when the job failed and with KilledError when it was killed.
   */
  async wait(options: WaitOptions = {}): Promise<Result> {
    await this.#running('wait').wait(options);
    return this.result;
  }

  /** Writes down which job it is, for `d.restore(Class, file)`: the job itself is on the server. */
  async save(file: string): Promise<void> {
    const { id } = this;
    if (id === undefined) {
      throw new DsageError('failed-precondition', 'The job has no number: no server has accepted it yet.', {
        hint: 'Save it once job.id is there.',
      });
    }
    await writeFile(file, `${JSON.stringify({ job: id, class: this.constructor.name })}\n`);
  }

  /** Stops the job and its tasks. One that has ended stays as it is. */
  async stop(reason = 'stopped by its user'): Promise<void> {
    await this.#running('stop').stop(reason);
  }

  /** Starts no more tasks; those that run go on. */
  async pause(): Promise<void> {
    await this.#running('pause').pause();
  }

  async resume(): Promise<void> {
    await this.#running('resume').resume();
  }

  /** What happens to the job, for people who prefer events: `job.events.on('collected', (answer, task) => …)`. */
  get events(): EventEmitter<JobEvents<Task, Answer>> {
    return this.#events;
  }

  /** @internal For the coordinator that runs this job. */
  begin(run: Run): void {
    if (this.#run !== undefined) {
      throw new DsageError('failed-precondition', 'This job has been started already.', {
        hint: 'Make another one: new Class(parameters).',
      });
    }
    this.#run = run;
  }

  #running(what: string): Run {
    if (this.#run !== undefined) return this.#run;
    throw new DsageError(
      'failed-precondition',
      `This job has not been started: there is nothing to ${what}.`,
      {
        hint: 'Start it with d.start(job).',
      },
    );
  }
}
