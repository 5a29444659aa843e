import type { JobClass } from '../jobs/job-class.js';
import { DsageError } from '../model/errors.js';
import type { JobId } from '../model/job.js';
import type { TaskStatus } from '../model/status.js';
import { encodeValue } from '../wire/codec.js';
import { EMPTY_PAYLOAD } from '../wire/payload.js';
import { checkId, findJob, findJobInfo, handleOf, idsOf, startJob, startMap } from './actions.js';
import type { AnyHandle } from './actions.js';
import {
  connectedWorker,
  drainWorker,
  removeWorker,
  resumeWorker,
  listClients,
  listWorkers,
  readLog,
  serverStatus,
  Users,
} from './administration.js';
import type { ClientDetails, ServerStatus, WorkerDetails } from './administration.js';
import { openBrowser } from './browser.js';
import { Callable } from './callable.js';
import { evalDraft, fileDraft, functionDraft } from './drafts.js';
import type { AnyFunction } from './drafts.js';
import { asCompleted, blockOnJobs } from './gather.js';
import type { BlockOptions, Group } from './gather.js';
import { Zip } from './inputs.js';
import type { Inputs } from './inputs.js';
import type { ParallelIter } from '../jobs/parallel.js';
import type { Job } from './job.js';
import type { JobReference } from './job-reference.js';
import type { MapJob } from './map-job.js';
import type { EvalOptions, FunctionOptions, JobOptions, MapOptions } from './options.js';
import { parallelIter } from './parallel-iter.js';
import type { ParallelIterOptions } from './parallel-iter.js';
import { listJobs, listTasks, taskDetails } from './queries.js';
import type { Explanation, JobFilter, JobInfo, TaskDetails, TaskInfo } from './queries.js';
import type { Pages } from './pages.js';
import { attachRun, restoreRun, startRun, submitRun } from './runs.js';
import type { AnyJob, AttachOptions } from './runs.js';
import type { TaskHandle } from './task-handle.js';
import type { Connection } from './tracked-job.js';

/** A job as plain data, for `sendJob`. */
export type JobDescription =
  | ({ readonly code: string } & EvalOptions)
  | ({ readonly file: string } & EvalOptions)
  | ({ readonly function: AnyFunction; readonly args?: readonly unknown[] } & FunctionOptions);

/** A connection to a dsage server: call it with code, or use its methods. */
export type Dsage = DsageConnection & (<T = unknown>(code: string, options?: EvalOptions) => Job<T>);

export interface CloseOptions {
  /** How long to wait for the server to accept what was submitted; 5,000 unless given. */
  readonly timeoutMs?: number;
}

const CLOSE_TIMEOUT_MS = 5_000;
const LOG_LINES = 50;

/** What a connection can do. Everything that is submitted goes through one stream, in batches. */
export class DsageConnection extends Callable implements AsyncDisposable {
  readonly #connection: Connection;
  #closing: Promise<void> | undefined;
  /** Users of the cluster; for admins. */
  readonly users: Users;
  /**
   * For `parallel({ pIter: d.parallelIter })`: calls a function on many inputs, as one map job, and gives
   * `[input, output]` as they finish. Leaving the loop kills the job. Can be passed around by itself.
   */
  readonly parallelIter: ParallelIter<ParallelIterOptions>;

  /** Made by `dsage.connect`. */
  constructor(connection: Connection) {
    super();
    this.#connection = connection;
    this.users = new Users(connection.rpc);
    this.parallelIter = (fn, inputs, options = {}) => parallelIter(connection, fn, inputs, options) as never;
  }

  /**
   * Runs code on a worker; the value of its last expression is the result. Returns at once. Throws for empty
   * code, a syntax error and a variable that cannot travel; nothing is submitted then.
   */
  eval<T = unknown>(code: string, options: EvalOptions = {}): Job<T> {
    return startJob<T>(this.#connection, evalDraft(code, options), EMPTY_PAYLOAD);
  }

  /** Runs the code in a file of this machine. `.py`, `.sage` and `.gp` choose their evaluators. */
  evalFile<T = unknown>(path: string, options: EvalOptions = {}): Job<T> {
    return startJob<T>(this.#connection, fileDraft(path, options), EMPTY_PAYLOAD);
  }

  /**
   * Calls a function on a worker. It travels as source: what it uses from outside must be an argument or in
   * `{ scope }`. Throws `not-shippable`, naming variable and line, when something is missing.
   */
  evalFunction<A extends unknown[], R>(
    fn: (...args: A) => R,
    args: NoInfer<A>,
    options: FunctionOptions = {},
  ): Job<Awaited<R>> {
    const draft = functionDraft('function', fn, options);
    return startJob<Awaited<R>>(this.#connection, draft, this.#connection.blobs.payload(encodeValue(args)));
  }

  /** Submits a job that is described as data: `{ code }`, `{ file }` or `{ function, args }` with options. */
  sendJob<T = unknown>(description: JobDescription): Job<T> {
    if ('code' in description) {
      const { code, ...options } = description;
      return this.eval<T>(code, options);
    }
    if ('file' in description) {
      const { file, ...options } = description;
      return this.evalFile<T>(file, options);
    }
    const { function: fn, args = [], ...options } = description;
    return this.evalFunction(fn as (...given: unknown[]) => T, [...args], options);
  }

  /**
   * One job that calls a function on every input, in parallel. Several inputs are taken side by side, until the
   * first of them ends; they may be lazy, asynchronous or endless, and are read as fast as the server takes
   * them. Options come last.
   */
  map<A, R>(fn: (a: A) => R, a: Inputs<A>, options?: MapOptions): MapJob<Awaited<R>>;
  map<A, B, R>(fn: (a: A, b: B) => R, a: Inputs<A>, b: Inputs<B>, options?: MapOptions): MapJob<Awaited<R>>;
  map<R>(fn: (...args: never[]) => R, ...inputs: (Inputs<unknown> | MapOptions)[]): MapJob<Awaited<R>>;
  map(fn: AnyFunction, ...rest: unknown[]): MapJob {
    const last = rest.at(-1);
    const hasOptions = rest.length > 1 && isOptions(last);
    const draft = functionDraft('map', fn, hasOptions ? last : {});
    return startMap(this.#connection, draft, new Zip(hasOptions ? rest.slice(0, -1) : rest));
  }

  /**
   * Runs a job of a class: its tasks on the workers, its coordinator here. Returns the job at once; wait for it
   * with `job.wait()`. Throws for what is no job, options that make no sense and parameters that cannot travel.
   */
  start<J extends AnyJob>(job: J, options: JobOptions = {}): J {
    return startRun(this.#connection, job, options);
  }

  /**
   * Runs a job of a class wholly on the cluster, its coordinator too: this client may leave, for days. Resolves
   * with the job once the server has it; meanwhile and afterwards the job shows how far it is.
   */
  submit<J extends AnyJob>(job: J, options: JobOptions = {}): Promise<J> {
    return submitRun(this.#connection, job, options);
  }

  /**
   * Makes a job again by replay, from the tasks and answers on the server, and goes on with it: after a crash, or
   * from another machine. A coordinator that still runs elsewhere is cut off; one on a worker goes on, and is
   * looked at; with `{ watch: true }` any job is only looked at. Rejects with `not-found`, and `invalid-argument`
   * for a job of another class.
   */
  attach<J extends AnyJob>(Class: JobClass<J>, job: JobId, options: AttachOptions = {}): Promise<J> {
    return attachRun(this.#connection, Class, job, options);
  }

  /** Attaches to the job that `job.save(file)` wrote down. */
  restore<J extends AnyJob>(Class: JobClass<J>, file: string): Promise<J> {
    return restoreRun(this.#connection, Class, file);
  }

  /** Waits until all tasks of a map, or all jobs, have ended; each handle has its result or its error. */
  blockOnJobs<T>(map: MapJob<T>, options?: BlockOptions): Promise<TaskHandle<T>[]>;
  blockOnJobs<T>(jobs: readonly Job<T>[], options?: BlockOptions): Promise<Job<T>[]>;
  blockOnJobs<T>(group: Group<T>, options: BlockOptions = {}): Promise<unknown> {
    return blockOnJobs(group, options);
  }

  /** Handles in the order in which their work ends. */
  asCompleted<T>(map: MapJob<T>): AsyncGenerator<TaskHandle<T>, void, void>;
  asCompleted<T>(jobs: readonly Job<T>[]): AsyncGenerator<Job<T>, void, void>;
  asCompleted<T>(group: Group<T>): AsyncGenerator<unknown, void, void> {
    return asCompleted(group);
  }

  /** A handle of a job by its number, followed from now on. Throws `not-found`. */
  job(id: JobId): Promise<AnyHandle> {
    return findJob(this.#connection, id);
  }

  /** One job as tables show it. Throws `not-found`. */
  jobInfo(id: JobId): Promise<JobInfo> {
    return findJobInfo(this.#connection, id);
  }

  /** Handles of this user's jobs, newest first; each follows its job once it is waited for. */
  async getMyJobs(filter: Omit<JobFilter, 'owner'> = {}): Promise<AnyHandle[]> {
    const found = await listJobs(this.#connection.rpc, filter).toArray();
    return found.map((info) => handleOf(this.#connection, info));
  }

  /** Jobs as tables show them: `for await` over it, or `toArray(limit)`. */
  jobs(filter: JobFilter = {}): Pages<JobInfo> {
    return listJobs(this.#connection.rpc, filter);
  }

  /** The tasks of a job, as tables show them. */
  tasks(job: JobId, filter: { readonly status?: TaskStatus | readonly TaskStatus[] } = {}): Pages<TaskInfo> {
    return listTasks(this.#connection.rpc, checkId(job), filter);
  }

  /** One task, with why its attempts failed. */
  task(job: JobId, index: number): Promise<TaskDetails> {
    return taskDetails(this.#connection.rpc, checkId(job), index);
  }

  /** Stops jobs; without a reason it is said who did. Returns the numbers of those that had not ended. */
  async kill(jobs: JobReference | readonly JobReference[], reason = ''): Promise<JobId[]> {
    const ids = await idsOf(jobs);
    const request = { jobs: ids, all: false, reason, indexes: [] };
    return (await this.#connection.rpc.call('killJobs', request)).killed;
  }

  /** Stops all unfinished jobs of this user. Returns their numbers. */
  async killAll(reason = 'killed with all jobs of its user'): Promise<JobId[]> {
    return (await this.#connection.rpc.call('killJobs', { jobs: [], all: true, reason, indexes: [] })).killed;
  }

  /** Starts no more tasks of these jobs; those that run go on. */
  async pause(jobs: JobReference | readonly JobReference[]): Promise<void> {
    await this.#connection.rpc.call('pauseJobs', { jobs: await idsOf(jobs) });
  }

  async resume(jobs: JobReference | readonly JobReference[]): Promise<void> {
    await this.#connection.rpc.call('resumeJobs', { jobs: await idsOf(jobs) });
  }

  /** 1 is highest, 5 lowest. */
  async setPriority(jobs: JobReference | readonly JobReference[], priority: number): Promise<void> {
    await this.#connection.rpc.call('setPriority', { jobs: await idsOf(jobs), priority });
  }

  /** Removes jobs that have ended, or with `'finished'` all of this user's. Returns how many. */
  async forget(jobs: JobReference | readonly JobReference[] | 'finished'): Promise<number> {
    const allFinished = jobs === 'finished';
    const request = { jobs: allFinished ? [] : await idsOf(jobs), allFinished };
    return (await this.#connection.rpc.call('forgetJobs', request)).forgotten;
  }

  /** Why a job's waiting tasks do not run. */
  async explain(job: JobReference): Promise<Explanation> {
    const [id] = await idsOf(job);
    return this.#connection.rpc.call('explainJob', { job: checkId(id) });
  }

  workers(): Promise<WorkerDetails[]> {
    return listWorkers(this.#connection.rpc);
  }

  /** Lets a worker finish what it runs; it takes nothing new, and ends when `stop` is set. For admins, and users for their own workers. */
  async drainWorker(worker: number, { stop = false }: { readonly stop?: boolean } = {}): Promise<void> {
    await drainWorker(this.#connection.rpc, worker, stop);
  }

  /** Gives tasks to a worker again that drains; not to one that is to end then. For whom drainWorker is. */
  async resumeWorker(worker: number): Promise<void> {
    await resumeWorker(this.#connection.rpc, worker);
  }

  /** Lets a connected worker drain and end; one that is away is forgotten at once, and what it held waits again. */
  async removeWorker(worker: number): Promise<void> {
    await removeWorker(this.#connection.rpc, worker);
  }

  /** Connected workers: with all slots idle, with a busy slot, and together. */
  async workerCount(): Promise<{ free: number; working: number; total: number }> {
    const connected = (await this.workers()).filter((worker) => worker.connected);
    const working = connected.filter(({ busySlots }) => busySlots > 0).length;
    return { free: connected.length - working, working, total: connected.length };
  }

  clients(): Promise<ClientDetails[]> {
    return listClients(this.#connection.rpc);
  }

  /** What all slots can do together, as the workers measured when they started. */
  async clusterSpeed(): Promise<{ value: number; unit: string }> {
    const { speedMmps } = await this.serverStatus();
    return { value: speedMmps, unit: 'million 64-bit modular multiplications per second' };
  }

  serverStatus(): Promise<ServerStatus> {
    return serverStatus(this.#connection.rpc);
  }

  /** Where the monitor answers. Throws `failed-precondition` when it is off. */
  async webServerUrl(): Promise<string> {
    const { webUrl } = await this.serverStatus();
    if (webUrl !== '') return webUrl;
    throw new DsageError('failed-precondition', 'This server runs without its web monitor.', {
      hint: 'Start it with a web port.',
    });
  }

  /**
   * A link that lets whoever opens it into the monitor as this user: once, and within five minutes. It is as secret as
   * a key.
   */
  async webLogin(): Promise<string> {
    return (await this.#connection.rpc.call('createWebLogin', {})).url;
  }

  /** Opens the monitor in the browser, logged in, where there is one, and returns its address. */
  async webView(): Promise<string> {
    const url = await this.webServerUrl();
    await openBrowser(await this.webLogin());
    return url;
  }

  /** The last lines of the server's log, oldest first. */
  serverLog(lines = LOG_LINES): Promise<readonly string[]> {
    return readLog(this.#connection.rpc, lines, 0);
  }

  /** The last lines of a worker's log, by its number; of the connected one with the lowest number unless given. */
  async workerLog(lines = LOG_LINES, worker?: number): Promise<readonly string[]> {
    return readLog(this.#connection.rpc, lines, await connectedWorker(this.#connection.rpc, worker));
  }

  /** Stops the server, and the workers too when asked, once they have finished what runs. For admins. */
  async stopServer({ workersToo = false }: { readonly workersToo?: boolean } = {}): Promise<void> {
    await this.#connection.rpc.call('stopServer', { workersToo });
  }

  /** Whether the stream to the server is open now. While it is not, everything waits for the reconnect. */
  isConnected(): boolean {
    return this.#connection.session.isConnected;
  }

  /**
   * Waits until the server has accepted what was submitted, then ends the connection: jobs go on, and waits that
   * are under way reject with code `closed`. Until then an open connection keeps Node alive. Idempotent.
   */
  close({ timeoutMs = CLOSE_TIMEOUT_MS }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected override onCall([code, options]: readonly unknown[]): Job {
    return this.eval(code as string, options as EvalOptions | undefined);
  }

  async #close(timeoutMs: number): Promise<void> {
    const { session, rpc } = this.#connection;
    if (!session.isSettled && session.isConnected) {
      await Promise.race([
        session.until(() => session.isSettled).catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, timeoutMs).unref()),
      ]);
    }
    session.stop(
      new DsageError('closed', 'The connection to the dsage server was closed.', {
        hint: 'Jobs that were accepted go on: connect again and use d.job(id).',
      }),
    );
    rpc.close();
  }
}

/** An object that is no input: options come last in a call of `map`. */
function isOptions(value: unknown): value is MapOptions {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(Symbol.iterator in value) &&
    !(Symbol.asyncIterator in value)
  );
}
