import type { JobId, JobRecord, JobSpec, Payload, TaskIndex } from '../../model/job.js';
import type { AnswerMeta, Lease } from '../../model/task.js';
import type { Role, UserRecord } from '../../model/user.js';
import type { WorkerInfo, WorkerNumber } from '../../model/worker.js';
import type { OutputChunk } from './writes.js';

/** What happened, in the past tense. `request` numbers get one `reply`. */
export type Event =
  | JobSubmitted
  | TasksSubmitted
  | {
      readonly type: 'jobs-killed';
      readonly request: number;
      readonly jobs: readonly JobId[];
      readonly reason: string;
    }
  | {
      readonly type: 'tasks-killed';
      readonly request: number;
      readonly job: JobId;
      readonly indexes: readonly TaskIndex[];
      readonly reason: string;
    }
  | JobRerun
  | { readonly type: 'jobs-paused'; readonly request: number; readonly jobs: readonly JobId[] }
  | { readonly type: 'jobs-resumed'; readonly request: number; readonly jobs: readonly JobId[] }
  | {
      readonly type: 'priority-set';
      readonly request: number;
      readonly jobs: readonly JobId[];
      readonly priority: number;
    }
  | { readonly type: 'jobs-forgotten'; readonly request: number; readonly jobs: readonly JobId[] }
  /** Somebody begins to coordinate a job; the reply has its number as a coordinator and the job's tasks so far. */
  | { readonly type: 'coordinator-came'; readonly request: number; readonly job: JobId }
  | WorkerRegistered
  | WorkerRenewed
  | AnswersReceived
  | OutputReceived
  | {
      readonly type: 'worker-draining';
      readonly worker: WorkerNumber;
      readonly connection: number;
      /** It ends once it has drained. */
      readonly stop?: boolean;
    }
  | { readonly type: 'worker-disconnected'; readonly worker: WorkerNumber; readonly connection: number }
  | {
      readonly type: 'drain-asked';
      readonly request: number;
      readonly worker: WorkerNumber;
      readonly reason: string;
      readonly stop: boolean;
    }
  | { readonly type: 'resume-asked'; readonly request: number; readonly worker: WorkerNumber }
  | {
      readonly type: 'remove-asked';
      readonly request: number;
      readonly worker: WorkerNumber;
      readonly reason: string;
    }
  | JobNoted
  | { readonly type: 'user-put'; readonly request: number; readonly user: UserRecord }
  | { readonly type: 'user-removed'; readonly request: number; readonly name: string }
  | Ticked;

/** Time passed. */
export interface Ticked {
  readonly type: 'ticked';
}

export interface JobSubmitted {
  readonly type: 'job-submitted';
  readonly session: string;
  /** Which of the session's streams it came over. */
  readonly connection: number;
  readonly seq: number;
  readonly owner: string;
  readonly spec: JobSpec;
  readonly payloads: readonly Payload[];
  readonly closed: boolean;
  /** A finished job of the same (session, seq), found in the store: the submission is a repeat. */
  readonly repeatOf?: { readonly job: JobId; readonly taskCount: number };
  /** For a job that waits for others: whether it may name anybody's, and those that have left the state. */
  readonly naming?: { readonly isAdmin: boolean; readonly readJob: ReadJob };
}

/**
 * Reads a job from the store; asked only for jobs that are not in the state. All that left the state is stored,
 * so that such an event is no barrier.
 */
export type ReadJob = (job: JobId) => JobRecord | undefined;

export interface TasksSubmitted {
  readonly type: 'tasks-submitted';
  /** Where the acknowledgement goes, and under which number. */
  readonly session: string;
  readonly connection: number;
  readonly seq: number;
  readonly target: { readonly job: JobId } | { readonly seq: number };
  readonly owner: string;
  readonly isAdmin: boolean;
  readonly firstIndex: TaskIndex;
  readonly payloads: readonly Payload[];
  readonly closed: boolean;
  /** Which coordinator says it: 0 is the one that submitted the job. */
  readonly coordinator?: number;
  /** The coordinator ends the job behind these tasks. */
  readonly end?: JobEnd;
}

/** A coordinator says what its job is doing. For people only: nobody waits for it, and it is in no store. */
export interface JobNoted {
  readonly type: 'job-noted';
  readonly job: JobId;
  readonly owner: string;
  /** Which coordinator says it, as in TasksSubmitted. */
  readonly coordinator: number;
  readonly text: string;
  /** From 0 to 1; below 0 where it does not know. */
  readonly fraction: number;
}

/** What a coordinator says at the end of its job. */
export interface JobEnd {
  readonly status: 'completed' | 'failed';
  readonly reason: string;
  /** What the job gave; empty for nothing. */
  readonly result: Payload;
}

export interface JobRerun {
  readonly type: 'job-rerun';
  readonly request: number;
  readonly job: JobId;
  readonly onlyFailed: boolean;
  /**
   * Reads an ended job from the store: its record, and how its tasks ended in the order of their indexes.
   * The engine applies this event when all that came before it is stored.
   */
  readonly read: () => EndedJob | undefined;
  /** For the jobs that it waits for. */
  readonly readJob: ReadJob;
}

interface EndedJob {
  readonly record: JobRecord;
  readonly ends: Iterable<{ readonly index: TaskIndex; readonly status: string }>;
}

export interface WorkerRegistered {
  readonly type: 'worker-registered';
  /** Given by an earlier registration of the same instance, also before a restart. */
  readonly known?: WorkerNumber;
  readonly connection: number;
  readonly instance: string;
  readonly user: string;
  readonly role: Role;
  readonly info: WorkerInfo;
  /** All attempts the worker still has: queued, running, or ended and not acknowledged. */
  readonly held: readonly Lease[];
}

export interface WorkerRenewed {
  readonly type: 'worker-renewed';
  readonly worker: WorkerNumber;
  readonly connection: number;
  readonly credit: number;
  readonly busySlots: number;
  readonly load1: number;
  readonly freeMemoryMb: number;
  /** How far tasks are that it runs, from 0 to 1, where they said so since its last message. */
  readonly progress: readonly (Lease & { readonly fraction: number })[];
  /** Tasks that have run for so long, each told once on a stream; short ones never are. */
  readonly running: readonly (Lease & { readonly runMs: number })[];
}

/** One answer as the wire brought it. */
export interface ReceivedAnswer {
  readonly meta: AnswerMeta;
  /** The packed record, its length prefix included. */
  readonly record: Uint8Array;
  /** The payload inside it: a Failure when the attempt failed. */
  readonly payload: Payload;
}

export interface AnswersReceived {
  readonly type: 'answers-received';
  readonly worker: WorkerNumber;
  readonly connection: number;
  readonly seq: number;
  readonly batches: readonly { readonly job: JobId; readonly answers: readonly ReceivedAnswer[] }[];
}

export interface OutputReceived {
  readonly type: 'output-received';
  readonly worker: WorkerNumber;
  readonly connection: number;
  readonly seq: number;
  readonly chunks: readonly OutputChunk[];
}
