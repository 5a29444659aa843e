import type { Attempt, JobId, TaskIndex } from '../model/job.js';

/** What a task can know of itself: `context` in its scope. */
export class TaskContext {
  readonly job: JobId;
  readonly index: TaskIndex;
  /** From 1. */
  readonly attempt: Attempt;
  /** The folder that the task runs in: its own, removed when it completes and kept when it fails. */
  readonly directory: string;
  readonly worker: string;
  readonly host: string;
  /** Most tasks never ask for a signal. */
  #controller: AbortController | undefined;
  #abortedFor: Error | undefined;

  constructor(facts: Omit<TaskContext, 'signal' | 'abort'>) {
    this.job = facts.job;
    this.index = facts.index;
    this.attempt = facts.attempt;
    this.directory = facts.directory;
    this.worker = facts.worker;
    this.host = facts.host;
  }

  /** Aborted when the task is killed or reaches its time limit; the reason is a DsageError. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortedFor !== undefined) this.#controller.abort(this.#abortedFor);
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#abortedFor = reason;
    this.#controller?.abort(reason);
  }
}
