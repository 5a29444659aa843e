import type { TaskCounts } from './job.js';
import type { JobStatus, TaskStatus } from './status.js';

// What the monitor's JSON API says: shared by the server, the page and `dsage top`. Times are milliseconds since the
// epoch, 0 is not yet; lengths of time say their unit.

export interface JobSummary {
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
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Why it was killed or failed. */
  readonly reason: string;
  /** First line of the code, or the name of the function or class. */
  readonly summary: string;
  readonly labels: readonly string[];
  readonly detached: boolean;
  /** What the job says of itself while it runs, such as DistributedFactor's stage and factors; empty where it says nothing. */
  readonly note: string;
  /** How far its own estimate says it is, from 0 to 1; -1 where it says nothing. */
  readonly fraction: number;
  /** Tasks that wait while no connected worker could run them. */
  readonly stuck: number;
}

export interface WorkerSummary {
  readonly worker: number;
  readonly name: string;
  readonly host: string;
  readonly user: string;
  readonly connected: boolean;
  readonly draining: boolean;
  readonly slots: number;
  readonly busySlots: number;
  readonly leases: number;
  /** Since when it holds the oldest of them, or since the server's start; 0 without any. */
  readonly oldestLeaseAtMs: number;
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryMb: number;
  readonly freeMemoryMb: number;
  readonly load1: number;
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  readonly evaluators: readonly string[];
  readonly version: string;
  readonly connectedAtMs: number;
  readonly lastSeenAtMs: number;
  readonly completed: number;
  readonly failed: number;
}

export interface FailureLine {
  readonly job: number;
  readonly name: string;
  readonly owner: string;
  readonly atMs: number;
  /** The first line of why. */
  readonly message: string;
}

/** GET /api/overview, and the topic `overview`. Lists hold what the viewer may see; numbers count everybody's. */
export interface Overview {
  readonly atMs: number;
  readonly version: string;
  readonly cluster: string;
  readonly startedAtMs: number;
  /** Of unfinished jobs now; of ended ones those that are kept. */
  readonly jobs: Readonly<Record<JobStatus, number>>;
  /** Waiting and processing now; ended since the server's start. */
  readonly tasks: TaskCounts;
  readonly tasksPerSecond: number;
  readonly slots: number;
  readonly busySlots: number;
  readonly connectedWorkers: number;
  readonly clients: number;
  /** Unfinished jobs, those that run first, at most 20, and how many more there are. */
  readonly active: readonly JobSummary[];
  readonly moreActive: number;
  /** At most 50. */
  readonly workers: readonly WorkerSummary[];
  /** The newest 10 failed jobs since the start, newest first. */
  readonly failures: readonly FailureLine[];
}

/** GET /api/history: a value a second, the last at `endMs`; at most 600. */
export interface History {
  readonly endMs: number;
  readonly stepMs: number;
  readonly tasksPerSecond: readonly number[];
  readonly busySlots: readonly number[];
  readonly slots: readonly number[];
}

/** GET /api/jobs?status=a,b&owner=&kind=&q=&since=&until=&sort=&from=&limit= */
export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** `from` of the next page; null on the last one. */
  readonly next: string | null;
}

/** How the jobs table may be ordered; all but the first two are over the newest 2,000 jobs that fit the filter. */
export const JOB_SORTS = ['newest', 'oldest', 'name', 'priority', 'duration', 'failed', 'ended'] as const;
export type JobSort = (typeof JOB_SORTS)[number];

/** GET /api/jobs/:id, and the topic `job:<id>`. */
export interface JobDetail extends JobSummary {
  readonly limits: {
    readonly timeMs: number;
    readonly memoryMb: number;
    readonly maxAttempts: number;
    readonly outputBytes: number;
    readonly maxFailedTasks: number;
  };
  readonly resources: Readonly<Record<string, number>>;
  readonly after: readonly number[];
  readonly ttlMs: number;
  readonly generation: number;
  readonly answerCount: number;
  /** Bytes of `GET /api/jobs/:id/result`; 0 where there is none (yet). */
  readonly resultBytes: number;
  readonly hasOutput: boolean;
  /** Why it is waiting; empty where it is not. */
  readonly why: readonly string[];
  /** What each worker lacks. */
  readonly workersLack: readonly {
    readonly worker: number;
    readonly name: string;
    readonly reason: string;
  }[];
}

export interface TaskRow {
  readonly index: number;
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly worker: number;
  readonly startedAtMs: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMemoryKb: number;
  /** From 0 to 1 while it runs, where it says so. */
  readonly progress: number;
}

/** GET /api/jobs/:id/tasks?status=&from=&limit= */
export interface TaskPage {
  readonly tasks: readonly TaskRow[];
  readonly next: number | null;
}

export interface AttemptView {
  readonly attempt: number;
  readonly status: TaskStatus;
  readonly worker: number;
  readonly startedAtMs: number;
  readonly wallMs: number;
  readonly peakMemoryKb: number;
  readonly exitCode: number | null;
  readonly signal: string;
  /** Empty where it did not fail. */
  readonly message: string;
  readonly stack: string;
  /** The last lines of its output, where the failure keeps them. */
  readonly outputTail: string;
}

/** GET /api/jobs/:id/tasks/:index. Its values: …/input and …/answer, as CBOR. */
export interface TaskDetail {
  readonly task: TaskRow;
  readonly attempts: readonly AttemptView[];
  readonly inputBytes: number;
  readonly answerBytes: number;
}

/** GET /api/jobs/:id/timeline and /api/workers/:id/timeline: at most 2,000 bars, those that run and the newest that ended. */
export interface Timeline {
  readonly atMs: number;
  readonly bars: readonly TimelineBar[];
  /** By worker: tasks that are leased to it and have not begun, or so lately that it has not said so. */
  readonly notBegun: Readonly<Record<number, number>>;
  /** Names of the workers in it. */
  readonly workers: Readonly<Record<number, string>>;
}

export interface TimelineBar {
  readonly job: number;
  readonly index: number;
  readonly attempt: number;
  readonly worker: number;
  readonly startedAtMs: number;
  /** 0 while it runs. */
  readonly endedAtMs: number;
  readonly status: TaskStatus;
}

/** What one attempt wrote in one go: text, invalid UTF-8 replaced. */
export interface OutputPiece {
  readonly index: number;
  readonly attempt: number;
  readonly text: string;
}

/** GET /api/jobs/:id/output/events?index=: first a `snapshot`, the end of what is stored; then `output` as it comes, and `end`. */
export interface OutputEvents {
  readonly snapshot: OutputPart;
  readonly output: OutputPart;
}

interface OutputPart {
  readonly pieces: readonly OutputPiece[];
  /** Something before it is left out. */
  readonly cut: boolean;
}

/**
 * GET /api/jobs/:id/output?index=&after=: in the order of tasks. `after` of the next call is `next`; what an earlier task
 * goes on to write comes before that.
 */
export interface OutputPage {
  readonly pieces: readonly OutputPiece[];
  readonly next: string;
  /** Something is left out: it is longer than one answer may be. */
  readonly cut: boolean;
}

/** GET /api/server */
export interface ServerDetail {
  readonly version: string;
  readonly node: string;
  readonly cluster: string;
  readonly startedAtMs: number;
  readonly storeBytes: number;
  readonly memoryMb: number;
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number };
  readonly commits: number;
  readonly commitMs: { readonly p50: number; readonly p99: number };
  /** host:port that clients and workers connect to. */
  readonly address: string;
  readonly webUrl: string;
  readonly config: Readonly<Record<string, string | number | boolean>>;
  readonly clients: readonly {
    readonly user: string;
    readonly host: string;
    readonly pid: number;
    readonly connectedAtMs: number;
    readonly version: string;
  }[];
}

/** GET /api/users */
export interface UserSummary {
  readonly name: string;
  readonly role: string;
  readonly enabled: boolean;
  readonly createdAtMs: number;
  readonly certificates: number;
}

/** GET /api/session: who is logged in, and what is open without. */
export interface SessionView {
  readonly user: string;
  readonly role: 'user' | 'admin' | 'worker' | '';
  /** The overview is open without a login. */
  readonly isPublic: boolean;
  readonly version: string;
}

/** The body of every answer that is an error. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}
