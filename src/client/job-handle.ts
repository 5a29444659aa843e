import { inspect } from 'node:util';

import { DsageError } from '../model/errors.js';
import type { TaskCounts } from '../model/job.js';
import type { JobStatus } from '../model/status.js';
import { followOutput } from './follow.js';
import type { OutputOptions, OutputPiece } from './follow.js';
import type { Explanation } from './queries.js';
import { saveValue } from './save.js';
import type { WaitOptions } from '../jobs/news.js';
import type { TrackedJob } from './tracked-job.js';

export interface RerunOptions {
  /** Only the tasks that failed or were killed. */
  readonly onlyFailed?: boolean;
}

/**
 * A job as its user holds it: made at once, while the job itself is on its way to the server. It is no
 * promise; wait for it with `wait()`. All properties are current without asking, except of a job that was
 * listed and not yet waited for.
 */
export abstract class JobHandle<R> {
  readonly #tracked: TrackedJob;

  /** Handles come from a connection: `d('…')`, `d.map(…)`, `d.job(id)`. */
  constructor(tracked: TrackedJob) {
    this.#tracked = tracked;
  }

  /** @internal */
  protected get tracked(): TrackedJob {
    return this.#tracked;
  }

  /** The job's number on the server; undefined until it is accepted. */
  get id(): number | undefined {
    return this.tracked.id;
  }

  /** Resolves with the job's number once the server has stored the job; rejects when it was refused. */
  get accepted(): Promise<number> {
    return this.requireId();
  }

  get name(): string {
    return this.tracked.name;
  }

  get status(): JobStatus {
    return this.tracked.status;
  }

  /** How many tasks are in each status, as the server last said. */
  get counts(): TaskCounts {
    return this.tracked.counts;
  }

  /** When the first task began; undefined before that. */
  get startedAt(): Date | undefined {
    return dateOf(this.tracked.startedAtMs);
  }

  get endedAt(): Date | undefined {
    return dateOf(this.tracked.endedAtMs);
  }

  /** Seconds of CPU time that the tasks took which have ended, their children included. */
  get cpuTime(): number {
    return this.tracked.ledger.cpuUs / 1e6;
  }

  /** What the job gave; undefined until it is completed. */
  abstract get result(): R | undefined;

  /** Why there is no result and will be none; undefined while there may be one. */
  abstract get error(): DsageError | undefined;

  /** Seconds: of the task in a job of one task, from the first start to the end in a job of many. */
  abstract get wallTime(): number;

  /**
   * The job's result, once it is completed. A wait that is under way goes on through a restart of the server.
   *
   * Rejects with TimeoutError after `timeoutMs` (the job goes on), with the signal's reason when it is
   * aborted, with TaskFailedError (its cause is what the task threw), with KilledError, with what the server
   * said when it refused the job, and with code `closed` when the connection is closed meanwhile.
   */
  async wait(options: WaitOptions = {}): Promise<R> {
    const { tracked } = this;
    tracked.ensureWatched();
    await tracked.until(() => tracked.isSettled && tracked.problem === undefined, options);
    return this.settledResult();
  }

  /**
   * Resolves once the job has ended, however it did: `status` and `error` say how. Rejects with TimeoutError,
   * with the signal's reason, and when the connection is closed meanwhile.
   */
  async settled(options: WaitOptions = {}): Promise<void> {
    const { tracked } = this;
    tracked.ensureWatched();
    await tracked.until(() => tracked.isSettled, options);
  }

  /** @internal Resolves once the server has told how the job stands, with all that it left when it has ended. */
  async loaded(timeoutMs: number): Promise<void> {
    const { tracked } = this;
    tracked.ensureWatched();
    await tracked.until(() => tracked.isCurrent, { timeoutMs });
  }

  /** Stops the job and its running tasks; without a reason it is said who did. A job that has ended stays as it is. */
  async kill(reason = ''): Promise<void> {
    const job = await this.requireId();
    await this.tracked.connection.rpc.call('killJobs', { jobs: [job], all: false, reason, indexes: [] });
  }

  /** Runs a job again that has ended: all of it, or only what failed. What it gave before is forgotten. */
  async rerun({ onlyFailed = false }: RerunOptions = {}): Promise<void> {
    const job = await this.requireId();
    await this.tracked.connection.rpc.call('rerunJobs', { jobs: [job], onlyFailed });
    this.restarted();
    this.tracked.restart();
  }

  /** Starts no more tasks; those that run go on. */
  async pause(): Promise<void> {
    await this.tracked.connection.rpc.call('pauseJobs', { jobs: [await this.requireId()] });
  }

  async resume(): Promise<void> {
    await this.tracked.connection.rpc.call('resumeJobs', { jobs: [await this.requireId()] });
  }

  /** 1 is highest, 5 lowest; tasks that run stay where they are. */
  async setPriority(priority: number): Promise<void> {
    const jobs = [await this.requireId()];
    await this.tracked.connection.rpc.call('setPriority', { jobs, priority });
  }

  /** Removes a job that has ended from the server. The handle keeps what it knows. */
  async forget(): Promise<void> {
    const jobs = [await this.requireId()];
    await this.tracked.connection.rpc.call('forgetJobs', { jobs, allFinished: false });
  }

  /** Why the job's waiting tasks do not run. */
  async explain(): Promise<Explanation> {
    return this.tracked.connection.rpc.call('explainJob', { job: await this.requireId() });
  }

  /** What the tasks write, as it comes, from the start until the job ends. */
  async *follow(options: OutputOptions = {}): AsyncGenerator<OutputPiece, void, void> {
    yield* followOutput(this.tracked.connection, await this.requireId(), { follow: true, ...options });
  }

  /**
   * Writes the result to a file, waiting for it first. `.cbor` holds the value exactly; `.json` holds JSON, with
   * BigInt and fractions as strings; anything else holds text: a string as it is, other values as the Node
   * shell shows them.
   */
  async save(file: string): Promise<void> {
    await saveValue(file, await this.wait());
  }

  [inspect.custom](): string {
    const { id, name, status } = this;
    const words = [
      id === undefined ? 'not accepted yet' : `id ${id}`,
      ...(name === '' ? [] : [`name ${name}`]),
      status,
    ];
    return `${this.constructor.name} { ${words.join(', ')} }`;
  }

  /** The result of a job that has ended. Rejects with why there is none. */
  protected abstract settledResult(): Promise<R>;

  /** Forgets what is kept of a run that no longer counts. */
  protected abstract restarted(): void;

  protected async requireId(): Promise<number> {
    const { tracked } = this;
    await tracked.until(() => tracked.id !== undefined);
    if (tracked.id === undefined) throw new DsageError('internal', 'A job was accepted without a number.');
    return tracked.id;
  }
}

function dateOf(ms: number): Date | undefined {
  return ms === 0 ? undefined : new Date(ms);
}
