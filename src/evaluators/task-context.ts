import { format } from 'node:util';

import type { JobContext } from '../jobs/context.js';
import { DsageError } from '../model/errors.js';
import type { Attempt, JobId, TaskIndex } from '../model/job.js';

export interface TaskFacts extends Omit<JobContext, 'signal' | 'log' | 'progress'> {
  readonly job: JobId;
  /** Hears what the task says of how far it is, from 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

/** What a task can know of itself, and say: `context` in its scope. */
export class TaskContext implements JobContext {
  readonly job: JobId;
  readonly index: TaskIndex;
  /** From 1. */
  readonly attempt: Attempt;
  /** The folder that the task runs in: its own, removed when it completes and kept when it fails. */
  readonly directory: string;
  readonly worker: string;
  readonly host: string;
  readonly #onProgress: (fraction: number) => void;
  /** Most tasks never ask for a signal. */
  #controller: AbortController | undefined;
  #abortedFor: Error | undefined;

  constructor(facts: TaskFacts) {
    this.job = facts.job;
    this.index = facts.index;
    this.attempt = facts.attempt;
    this.directory = facts.directory;
    this.worker = facts.worker;
    this.host = facts.host;
    this.#onProgress = facts.onProgress;
  }

  /** Aborted when the task is killed or reaches its time limit; the reason is a DsageError. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortedFor !== undefined) this.#controller.abort(this.#abortedFor);
    return this.#controller.signal;
  }

  /** Writes a line to the task's output, as `console.log` does. */
  log(...values: readonly unknown[]): void {
    process.stdout.write(`${format(...values)}\n`);
  }

  /** Says how far the task is, from 0 to 1. Throws `invalid-argument` for anything else. */
  progress(fraction: number): void {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new DsageError('invalid-argument', `The progress of a task is ${String(fraction)}.`, {
        hint: 'It goes from 0 to 1.',
      });
    }
    this.#onProgress(fraction);
  }

  abort(reason: Error): void {
    this.#abortedFor = reason;
    this.#controller?.abort(reason);
  }
}
