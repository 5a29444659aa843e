import { DsageError } from '../model/errors.js';
import type { TaskCounts } from '../model/job.js';
import type { JobStatus, TaskStatus } from '../model/status.js';
import type { Failure } from '../model/task.js';
import { statusFromMessage, statusToMessage } from '../wire/convert.js';
import type { Job as JobMessage, Task as TaskMessage } from '../wire/gen/dsage/v1/types.js';
import { readFailure } from './failure.js';
import { whole } from './options.js';
import { Pages } from './pages.js';
import type { Rpc } from './rpc.js';

/** Which jobs a listing is to give. */
export interface JobFilter {
  readonly status?: JobStatus | readonly JobStatus[];
  /** Admins only: another user's jobs; `*` is everybody's. One's own unless given. */
  readonly owner?: string;
  /** A part of the name. */
  readonly name?: string;
  /** `eval`, `function`, `map` or `class`. */
  readonly kind?: string;
  /** Newest first unless this is set. */
  readonly oldestFirst?: boolean;
}

/** A job as listings show it. */
export interface JobInfo {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly kind: string;
  readonly evaluator: string;
  readonly priority: number;
  readonly status: JobStatus;
  readonly counts: TaskCounts;
  readonly taskCount: number;
  /** No more tasks will be added. */
  readonly closed: boolean;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  /** Why it was killed or failed. */
  readonly reason: string;
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  /** The first line of its code, or the name of its function. */
  readonly summary: string;
  /** How long it is kept after its end, milliseconds; 0 is until it is forgotten by hand. */
  readonly ttlMs: number;
  /** Its coordinator runs on a worker. */
  readonly detached: boolean;
  /** The jobs that it waits for, or waited for. */
  readonly after: readonly number[];
  /** What it says of itself while it runs, such as the stage of a DistributedFactor; empty where it says nothing. */
  readonly note: string;
  /** How far it says that it is, from 0 to 1; undefined where it says nothing. */
  readonly fraction: number | undefined;
}

/** A task as listings show it. */
export interface TaskInfo {
  readonly job: number;
  readonly index: number;
  readonly status: TaskStatus;
  /** The attempt that runs or that ended the task; 0 before the first. */
  readonly attempt: number;
  /** The server's number of the worker that has or had it; 0 for none. */
  readonly worker: number;
  readonly startedAt: Date | undefined;
  /** Seconds. */
  readonly wallTime: number;
  /** Seconds. */
  readonly cpuTime: number;
  readonly peakMemoryKb: number;
  /** How far it is while it runs, from 0 to 1, where it says so: `context.progress(0.5)`. */
  readonly progress: number;
}

export interface TaskDetails extends TaskInfo {
  /** Why every attempt failed that did, oldest first. */
  readonly failures: readonly Failure[];
}

export interface Explanation {
  /** One sentence each, the strongest first. */
  readonly reasons: readonly string[];
  readonly workers: readonly {
    readonly worker: number;
    readonly name: string;
    readonly canRun: boolean;
    readonly reason: string;
  }[];
}

const PAGE_SIZE = 500;

export function listJobs(rpc: Rpc, filter: JobFilter = {}): Pages<JobInfo> {
  const { status = [], owner = '', name = '', kind = '', oldestFirst = false } = filter;
  const statuses = (typeof status === 'string' ? [status] : status).map(statusToMessage);
  return new Pages(async (pageToken) => {
    const page = await rpc.call('listJobs', {
      ...{ statuses, owner, nameContains: name, kind, oldestFirst, pageToken },
      pageSize: PAGE_SIZE,
    });
    return { items: page.jobs.map(jobInfo), next: page.nextPageToken };
  });
}

export function listTasks(
  rpc: Rpc,
  job: number,
  { status = [] }: { readonly status?: TaskStatus | readonly TaskStatus[] } = {},
): Pages<TaskInfo> {
  const statuses = (typeof status === 'string' ? [status] : status).map(statusToMessage);
  return new Pages(async (pageToken) => {
    const page = await rpc.call('listTasks', { job, statuses, pageSize: PAGE_SIZE, pageToken });
    return { items: page.tasks.map(taskInfo), next: page.nextPageToken };
  });
}

export async function taskDetails(rpc: Rpc, job: number, index: number): Promise<TaskDetails> {
  whole('The index of the task', index, [0, 2 ** 32 - 1]);
  const { task, failures } = await rpc.call('getTask', { job, index });
  if (task === undefined) throw new DsageError('not-found', `Job ${job} has no task ${index}.`);
  return { ...taskInfo(task), failures: failures.map(readFailure) };
}

export function jobInfo(job: JobMessage): JobInfo {
  const { id, owner, name, kind, evaluator, priority, taskCount, closed } = job;
  const { reason, labels, resources, summary, ttlMs, detached, after, note } = job;
  return {
    ...{ id, owner, name, kind, evaluator, priority, taskCount, closed },
    ...{ reason, labels, resources, summary, ttlMs, detached, after, note },
    fraction: job.fraction < 0 ? undefined : job.fraction,
    status: statusFromMessage(job.status),
    counts: job.counts ?? { waiting: 0, processing: 0, completed: 0, failed: 0, killed: 0 },
    createdAt: new Date(job.createdAtMs),
    startedAt: dateOf(job.startedAtMs),
    endedAt: dateOf(job.endedAtMs),
  };
}

function taskInfo(task: TaskMessage): TaskInfo {
  const { job, index, attempt, worker, peakMemoryKb, progress } = task;
  return {
    ...{ job, index, attempt, worker, peakMemoryKb, progress },
    status: statusFromMessage(task.status) as TaskStatus,
    startedAt: dateOf(task.startedAtMs),
    wallTime: task.wallUs / 1e6,
    cpuTime: task.cpuUs / 1e6,
  };
}

function dateOf(ms: number): Date | undefined {
  return ms === 0 ? undefined : new Date(ms);
}
