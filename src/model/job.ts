import type { JobStatus } from './status.js';

/** A job's number: the server counts them from 1. */
export type JobId = number;
/** A task's place in its job, from 0. */
export type TaskIndex = number;
/** One try at one task, from 1: the fencing token. */
export type Attempt = number;
/** Opaque bytes: see PACKED FORMATS in proto/dsage/v1/types.proto. Server and store never look inside. */
export type Payload = Uint8Array;

export interface Limits {
  /** Wall time of one attempt; 0 is no limit. */
  readonly timeMs: number;
  /** Resident memory of one attempt, MiB; 0 is the worker's own limit. */
  readonly memoryMb: number;
  /** How many attempts may fail before the task ends `failed`. */
  readonly maxAttempts: number;
  /** Captured output of one attempt. */
  readonly outputBytes: number;
  /** How many tasks may fail before the rest of the job is stopped; 0 is no limit. */
  readonly maxFailedTasks: number;
}

export const DEFAULT_LIMITS: Limits = {
  timeMs: 0,
  memoryMb: 0,
  maxAttempts: 3,
  outputBytes: 1_048_576,
  maxFailedTasks: 0,
};

/** 1 is highest, 5 lowest, as in DSage. */
export const DEFAULT_PRIORITY = 3;
export const HIGHEST_PRIORITY = 1;
export const LOWEST_PRIORITY = 5;

export interface BlobRef {
  /** Lower-case hexadecimal SHA-256. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A file put into the task's own directory before it runs. */
export interface Attachment {
  readonly path: string;
  readonly blob: BlobRef;
}

/** What a job is, apart from its tasks. */
export interface JobSpec {
  readonly name: string;
  /** `eval`, `function`, `map` or `class`: shown to people, never decided on. */
  readonly kind: string;
  readonly evaluator: string;
  readonly priority: number;
  readonly limits: Limits;
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  readonly program: Payload;
  readonly attachments: readonly Attachment[];
  /** How long a finished job is kept; 0 is until it is forgotten by hand. */
  readonly ttlMs: number;
  readonly summary: string;
  /** Jobs that must be completed before a task of this one runs; none unless given. */
  readonly after?: readonly JobId[];
  /** The module that the program is of: an ES module in one file. */
  readonly bundle?: BlobRef;
  /** The first task is the job's coordinator: it runs beside a worker's slots, and the job ends with it. */
  readonly detached?: true;
}

/** What people know a job by: its name, else the beginning of its code or the name of its function or class. */
export function shownName({ name, summary, kind }: Pick<JobSpec, 'name' | 'summary' | 'kind'>): string {
  return name || summary || kind;
}

/** Whether the task of this index is the coordinator of a detached job. */
export function isCoordinator(
  { detached }: { readonly detached?: boolean | undefined },
  index: TaskIndex,
): boolean {
  return index === 0 && detached === true;
}

/** Of the tasks of a job that failed or were killed the first one, and the first line of what it says happened. */
export interface LostTask {
  readonly index: TaskIndex;
  readonly status: 'failed' | 'killed';
  readonly message: string;
}

/** How many tasks of a job ended in each way. The rest wait or are processing. */
interface EndCounts {
  completed: number;
  failed: number;
  killed: number;
}

export interface TaskCounts extends EndCounts {
  waiting: number;
  processing: number;
}

/** What the store keeps of a job beside its spec; small, since it is written with every change. */
export interface JobState {
  /** `waiting` and `processing` are derived while a job is unfinished; the store keeps `waiting` for both. */
  status: JobStatus;
  taskCount: number;
  /** No more tasks will be added. */
  closed: boolean;
  ends: EndCounts;
  /** The next answer's ordinal. */
  answerCount: number;
  /** Raised by every rerun. */
  generation: number;
  /** The highest attempt number ever leased: a rerun goes on from it, so that old answers are told apart. */
  maxAttempt: Attempt;
  /** Failures of attempts before this one do not count: the first attempt number of this generation. */
  firstAttempt: Attempt;
  createdAtMs: number;
  /** 0 is not yet. */
  startedAtMs: number;
  endedAtMs: number;
  /** Why it failed or was killed; empty for one that did not. */
  reason: string;
  /** May be changed after submission. */
  priority: number;
  /** Some task wrote output. */
  hasOutput: boolean;
  /** How often the coordinator changed: only the latest one's tasks are taken. */
  coordinator?: number;
  /** What the coordinator says that the job gave. */
  result?: Payload;
  /** Jobs that it waits for are not completed yet: its tasks are given to nobody. */
  blocked?: true;
  /** The first task that failed, else the first that was killed: what `reason` is made of, and gone once the job has ended. */
  firstLost?: LostTask;
}

/** A job as the store keeps it. */
export interface JobRecord {
  readonly id: JobId;
  readonly owner: string;
  /** (session, seq) makes a repeated submission harmless. */
  readonly session: string;
  readonly seq: number;
  readonly spec: JobSpec;
  readonly state: JobState;
}
