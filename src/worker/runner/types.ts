import type { CoordinationFacts } from '../../evaluators/evaluator.js';
import type { BlobRef, JobId, Limits, Payload, TaskIndex, Attempt } from '../../model/job.js';
import type { Lease, Outcome } from '../../model/task.js';

/** Where a slot keeps its files, and what its children may use. */
export interface SlotOptions {
  /** `tmp_worker_files`, or a folder in it that is this worker's own; made when it is missing. */
  readonly workDirectory: string;
  /** The slot's place in its worker, from 0: shown in logs, and part of folder names. */
  readonly number: number;
  /** The worker's name and host: part of every Failure. */
  readonly workerName: string;
  readonly host: string;
  /** The server's number for this worker, asked for whenever a program is sent: it is part of every answer. */
  readonly workerNumber: () => number;
  /** Unix niceness of the children, 0 to 19. */
  readonly niceness?: number;
  /** Resident memory of one task, MiB; 0 is no limit. A job's own limit counts when it is lower. */
  readonly memoryMb?: number;
  /** More arguments for Node, before the child's program. */
  readonly nodeArguments?: readonly string[];
  /** The children's environment; NODE_OPTIONS is not passed on. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What a coordinator of a detached job runs with; none may run here unless given. */
  readonly coordination?: CoordinationFacts;
  /** How a child learns that its worker died: found out when it is not given. */
  readonly parentDeath?: ParentDeath;
}

/** `pdeathsig`: the kernel ends the child, through setpriv(1). `watchdog`: a thread in the child looks. */
export type ParentDeath = 'pdeathsig' | 'watchdog';

/** What the tasks of one job share. One object per job: a slot sends it to a child once per object. */
export interface SlotProgram {
  readonly job: JobId;
  readonly owner: string;
  /** `eval`, `function`, `map` or `class`: for logs. */
  readonly kind: string;
  readonly evaluator: string;
  /** The job's first task is its coordinator. */
  readonly detached: boolean;
  readonly limits: Limits;
  readonly program: Payload;
  /** Files to copy into every task's folder: `path` inside it, `file` on this machine. */
  readonly attachments: readonly LocalAttachment[];
  /** The file of the bundle that the program is in; its name ends in `.mjs`. */
  readonly bundle?: string | undefined;
  /** Where a blob that is the program or a task's input lies on this machine. */
  readonly blobFile?: (ref: BlobRef) => string;
}

interface LocalAttachment {
  readonly path: string;
  readonly file: string;
}

export interface SlotTask {
  readonly index: TaskIndex;
  readonly attempt: Attempt;
  readonly payload: Payload;
}

/** How an attempt ended: handed to `onEnded` exactly once per task that was run and not revoked in time. */
export interface TaskEnd {
  readonly outcome: Outcome;
  /** The whole packed answer record, its length prefix included: goes to the server as it is. */
  readonly record: Uint8Array;
  /** Wall time of the attempt, microseconds. */
  readonly wallUs: number;
  /** The answer is a blob: store the file's bytes under `ref` before the record is sent, then delete it. */
  readonly largeAnswer?: LargeAnswer;
}

export interface LargeAnswer {
  readonly file: string;
  readonly ref: BlobRef;
}

export interface SlotLogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

/** All are called from the event loop, never from inside `run`, `revoke` or `kill`. */
export interface SlotHandlers {
  onEnded(lease: Lease, end: TaskEnd): void;
  /** A piece of a task's output, before the end of that task; `bytes` do not change later. */
  onOutput(lease: Lease, stderr: boolean, bytes: Uint8Array): void;
  /** The task that runs says how far it is, from 0 to 1. */
  onProgress?(lease: Lease, fraction: number): void;
  /** Nothing is queued and nothing runs: the slot waits for work. */
  onFree(): void;
  onLog?(entry: SlotLogEntry): void;
}
