import type { DsageError } from '../model/errors.js';
import type { Answer, Failure } from '../model/task.js';
import { failureOf, jobError, taskError, valueOf } from './failure.js';
import { JobHandle } from './job-handle.js';

interface Outcome<T> {
  readonly result?: T;
  readonly error?: DsageError;
}

/** A job of one task: what `d('2+2')` and `d.evalFunction(f, args)` give. */
export class Job<T = unknown> extends JobHandle<T> {
  /** Read once: every look at `result` gives the same object. */
  #outcome: Outcome<T> | undefined;

  override get result(): T | undefined {
    return this.#settled()?.result;
  }

  override get error(): DsageError | undefined {
    return this.tracked.problem ?? this.#settled()?.error;
  }

  /** What the task wrote to stdout and stderr; empty until it has ended. See `follow()` for more. */
  get output(): string {
    return this.tracked.output;
  }

  /** The number of the attempt that ended the task, reruns included; 0 before that. */
  get attempts(): number {
    return this.#answer()?.attempt ?? 0;
  }

  /** The server's number of the worker that ran the task; undefined before it has ended. */
  get worker(): number | undefined {
    return this.#answer()?.worker;
  }

  override get wallTime(): number {
    return this.tracked.ledger.wallUs / 1e6;
  }

  protected override async settledResult(): Promise<T> {
    const { error, result } = this.#settled() ?? {};
    if (error !== undefined) throw error;
    return result as T;
  }

  protected override restarted(): void {
    this.#outcome = undefined;
  }

  #answer(): Answer | undefined {
    return this.tracked.ledger.answer(0);
  }

  #settled(): Outcome<T> | undefined {
    const { isSettled, problem } = this.tracked;
    if (!isSettled || problem !== undefined) return undefined;
    this.#outcome ??= this.#read();
    return this.#outcome;
  }

  #read(): Outcome<T> {
    const { label, status, reason, failures } = this.tracked;
    const answer = this.#answer();
    if (answer === undefined)
      return { error: jobError(label, status === 'killed' ? 'killed' : 'failed', reason) };
    if (answer.outcome === 'completed') return { result: valueOf(answer.payload) as T };
    const known: readonly Failure[] = failures.length > 0 ? failures : [failureOf(answer)];
    return { error: taskError(label, answer, known) };
  }
}
