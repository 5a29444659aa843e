import type { Attempt, JobId, JobRecord, JobSpec, JobState, Payload, TaskIndex } from '../../model/job.js';
import type { FinalStatus, JobStatus } from '../../model/status.js';
import type { Answer, Failure } from '../../model/task.js';
import type { Role } from '../../model/user.js';
import type { WorkerInfo, WorkerNumber } from '../../model/worker.js';
import { IndexRuns } from './index-runs.js';
import type { JobQueue } from './job-queue.js';
import { LazyMap } from './lazy-map.js';
import type { LeaseRun } from './writes.js';

/**
 * All the core knows. Only unfinished jobs are here (finished ones are the store's), and waiting tasks
 * are runs of indexes: memory goes with what is under way, not with what waits.
 */
export interface State {
  readonly config: Config;
  readonly jobs: Map<JobId, LiveJob>;
  /** Jobs with waiting tasks, by what decides where and when they run. */
  readonly queues: Map<string, Queue>;
  /** Detached jobs whose coordinator waits, by what decides where it runs. */
  readonly coordinators: Map<string, Queue>;
  readonly workers: Map<WorkerNumber, LiveWorker>;
  readonly grants: Map<number, LiveGrant>;
  /** `${session}/${seq}` of unfinished jobs. */
  readonly submissions: Map<string, JobId>;
  /** Jobs that wait for others, each with those that are not completed. */
  readonly blocked: Map<JobId, Set<JobId>>;
  /** Of every job that a blocked one names, completed or not: the blocked ones. */
  readonly dependents: Map<JobId, Set<JobId>>;
  /** Leases held now, by user: what fair share compares. */
  readonly share: Map<string, number>;
  /** Mean wall time of single-task jobs by owner and kind: a guess for the next one of them. */
  readonly meanMsByKind: Map<string, number>;
  /** Jobs that this transition touched. */
  readonly dirty: Set<LiveJob>;
  /** The newest submissions whose job has left the state: a repeat may have set out before the store knew of it. */
  readonly evicted: Map<string, { readonly job: JobId; readonly taskCount: number }>;
  waitingTasks: number;
  /** Tasks that have ended since the start. */
  readonly endedTasks: Record<FinalStatus, number>;
  lastJob: JobId;
  lastGrant: number;
  lastWorker: WorkerNumber;
  lastTickAtMs: number;
}

export interface Config {
  /** A worker not heard of for this long is lost, and its leases with it. */
  readonly leaseMs: number;
  /** How often `ticked` comes; a much longer gap means that this process, not the workers, stood still. */
  readonly tickMs: number;
  readonly maxWaitingTasks: number;
  readonly maxUnfinishedJobs: number;
  readonly maxTasksPerJob: number;
  readonly encode: Encode;
}

/** How failures become bytes and are read: pure functions, injected since the core has no codec. */
interface Encode {
  failure(failure: Failure): Payload;
  answer(answer: Answer): Uint8Array;
  /** The message of a Failure that a worker wrote; never throws. */
  messageOf(failure: Payload): string;
}

/** A class, since thousands are made at once: objects that are spread together cost several times more. */
export class LiveJob {
  readonly id: JobId;
  readonly owner: string;
  readonly session: string;
  readonly seq: number;
  readonly spec: JobSpec;
  readonly state: JobState;
  /** Without the coordinator of a detached job, which waits apart. */
  readonly waiting = new IndexRuns();
  /** The first task of a detached job waits, for a place beside a worker's slots. */
  coordinatorWaits = false;
  /** The current lease of every processing task. */
  readonly leases = new Map<TaskIndex, Holding>();
  /** Leases that ran out: their workers may still answer. */
  readonly lapsed = new LazyMap<TaskIndex, Holding[]>();
  /** The last attempt of tasks that were leased before and have not ended. */
  readonly attempts = new LazyMap<TaskIndex, Attempt>();
  /** How far leased tasks are, from 0 to 1, where they said so. */
  readonly progress = new LazyMap<TaskIndex, number>();
  /** When leased tasks began, where their workers have said so: a lease waits at its worker first. */
  readonly starts = new LazyMap<TaskIndex, number>();
  /** Attempts that failed, of tasks that have not ended. */
  readonly failures = new LazyMap<TaskIndex, number>();
  /** Undefined until an answer came. */
  meanMs: number | undefined;
  /** Where it queues while it has waiting tasks and is not paused. */
  queueKey: string;
  /** What the job says of itself, and how far it is (below 0 where it does not say): lost with this process. */
  note = '';
  fraction = -1;
  /** Records of answers that watchers were not told of yet. */
  fresh: Uint8Array[] = [];
  /** What watchers were told last. */
  told: { status: JobStatus; generation: number; answerCount: number };

  /** With nothing waiting yet. */
  constructor({ id, owner, session, seq, spec, state }: JobRecord, queueKey: string) {
    this.id = id;
    this.owner = owner;
    this.session = session;
    this.seq = seq;
    this.spec = spec;
    this.state = state;
    this.queueKey = queueKey;
    const { status, generation, answerCount } = state;
    this.told = { status, generation, answerCount };
  }
}

export interface Queue {
  readonly key: string;
  readonly priority: number;
  readonly owner: string;
  /** Any job of this queue: they all need the same of a worker. */
  readonly needs: Needs;
  readonly jobs: JobQueue;
}

/** What a worker must have to run a task. */
export interface Needs {
  readonly owner: string;
  readonly evaluator: string;
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
}

/** One lease of a worker: shared by all tasks of a run. */
export interface Holding {
  readonly grant: LiveGrant;
  readonly attempt: Attempt;
  /** Its worker was taken for lost, which counts as this attempt's failure: whatever it says later counts no second one. */
  readonly blamed: boolean;
}

export interface LiveGrant {
  readonly id: number;
  readonly worker: WorkerNumber;
  readonly runs: readonly LeaseRun[];
  /** Tasks of it that may still be answered under it; at 0 the grant is deleted. */
  open: number;
}

export interface LiveWorker {
  readonly number: WorkerNumber;
  readonly instance: string;
  user: string;
  role: Role;
  info: WorkerInfo;
  /** Counts streams; undefined while disconnected. What comes from an older stream is ignored. */
  connection: number | undefined;
  /** The highest of its streams: one that was opened before it is dead, however late it registers. */
  newestConnection: number;
  lastSeenAtMs: number;
  connectedAtMs: number;
  credit: number;
  draining: boolean;
  /** It drains in order to end: nothing makes it take leases again. */
  stopping: boolean;
  /** Resumed since it was last told to drain: a worker that says it goes on with that has missed it. */
  resumed: boolean;
  /** Current leases, without those of coordinators. */
  held: number;
  /** Current leases of coordinators: they take no slot, no credit and no resources. */
  coordinating: number;
  readonly grants: Set<LiveGrant>;
  readonly resourcesUsed: Map<string, number>;
  completed: number;
  failed: number;
  busySlots: number;
  load1: number;
  freeMemoryMb: number;
}

export function emptyState(config: Config, numbers = { lastJob: 0, lastGrant: 0, lastWorker: 0 }): State {
  return {
    config,
    jobs: new Map(),
    queues: new Map(),
    coordinators: new Map(),
    workers: new Map(),
    grants: new Map(),
    submissions: new Map(),
    blocked: new Map(),
    dependents: new Map(),
    share: new Map(),
    meanMsByKind: new Map(),
    dirty: new Set(),
    evicted: new Map(),
    waitingTasks: 0,
    endedTasks: { completed: 0, failed: 0, killed: 0 },
    lastTickAtMs: 0,
    ...numbers,
  };
}

/** The status people see: the stored one is `waiting` for all that is unfinished and not paused. */
export function statusOf(job: LiveJob): JobStatus {
  return job.state.status === 'waiting' && job.leases.size > 0 ? 'processing' : job.state.status;
}

export function needsOfJob(job: LiveJob): Needs {
  return {
    owner: job.owner,
    evaluator: job.spec.evaluator,
    labels: job.spec.labels,
    resources: job.spec.resources,
  };
}

/** How many tasks wait, the coordinator of a detached job among them. */
export function waitingCount(job: LiveJob): number {
  return job.coordinatorWaits ? job.waiting.size + 1 : job.waiting.size;
}

/** Whether a task waits. */
export function isWaiting(job: LiveJob, index: TaskIndex): boolean {
  return index === 0 && job.coordinatorWaits ? true : job.waiting.has(index);
}

/** What is written must not change with the live state. */
export function copyOf(state: JobState): JobState {
  return { ...state, ends: { ...state.ends } };
}

/** A worker that no stream has brought yet, and that holds nothing. */
export function newWorker(
  about: Pick<LiveWorker, 'number' | 'instance' | 'user' | 'role' | 'info'>,
  now: number,
): LiveWorker {
  const { number, instance, user, role, info } = about;
  return {
    number,
    instance,
    user,
    role,
    info,
    connection: undefined,
    newestConnection: 0,
    lastSeenAtMs: now,
    connectedAtMs: now,
    credit: 0,
    draining: false,
    stopping: false,
    resumed: false,
    held: 0,
    coordinating: 0,
    grants: new Set(),
    resourcesUsed: new Map(),
    completed: 0,
    failed: 0,
    busySlots: 0,
    load1: 0,
    freeMemoryMb: 0,
  };
}
