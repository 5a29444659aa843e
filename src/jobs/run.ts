import type { DsageError } from '../model/errors.js';
import type { JobStatus } from '../model/status.js';
import type { WaitOptions } from './news.js';

/** How many tasks of a job are where, as its coordinator knows it. */
export interface RunCounts {
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  /** Completed, failed or killed, and heard of here. */
  readonly done: number;
}

/** One run of a job's coordinator, as the job itself sees it. */
export interface Run {
  /** The job's number on the server; undefined before it is accepted, and for a local run. */
  readonly id: number | undefined;
  /** Resolves with that number; rejects when the job was refused. */
  readonly accepted: Promise<number>;
  readonly status: JobStatus;
  readonly isDone: boolean;
  readonly error: DsageError | undefined;
  readonly counts: RunCounts;
  readonly startTime: Date | undefined;
  readonly endTime: Date | undefined;
  /** For the job's own `collect` and `onFailure` only. */
  submit(task: unknown): void;
  finish(): void;
  killTasks(which: (task: unknown, index: number) => boolean): void;
  wait(options: WaitOptions): Promise<void>;
  stop(reason: string): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
}
