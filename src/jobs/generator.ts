import type { DistributedJob } from './distributed-job.js';
import { jobFault } from './job-fault.js';

type Step = IteratorResult<unknown, unknown>;

/** The values of a job's `tasks()`, asked for one at a time. What it throws comes as a JobFault. */
export class Generator {
  readonly #job: DistributedJob;
  readonly #onReady: () => void;
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  #pending: Promise<void> | undefined;
  /** What a request gave that nobody has taken yet. */
  #ready: { readonly step: Step } | { readonly fault: Error } | undefined;
  #isExhausted = false;

  /** @param onReady called when a value has come that had not been there when it was asked for */
  constructor(job: DistributedJob, onReady: () => void) {
    this.#job = job;
    this.#onReady = onReady;
  }

  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** The next value, if it is there at once; else undefined, and `onReady` is called when it has come. */
  ask(): Step | undefined {
    if (this.#isExhausted) return { done: true, value: undefined };
    if (this.#pending === undefined && this.#ready === undefined) this.#request();
    return this.#take();
  }

  /** The next value, however long it takes. */
  async next(): Promise<Step> {
    let step = this.ask();
    while (step === undefined) {
      await this.#pending;
      step = this.#take();
    }
    return step;
  }

  /** Lets `tasks()` release what it holds; one that is busy is not waited for. */
  close(): void {
    if (this.#isExhausted || this.#iterator === undefined) return;
    this.#isExhausted = true;
    try {
      const closing: unknown = this.#iterator.return?.();
      if (closing instanceof Promise) closing.catch(() => undefined);
    } catch {
      // The job has ended, and its end says more.
    }
  }

  #request(): void {
    try {
      this.#iterator ??= iteratorOf(this.#job.tasks());
      const step = this.#iterator.next();
      if (!(step instanceof Promise)) {
        this.#ready = { step };
        return;
      }
      this.#pending = step.then(
        (value) => this.#came({ step: value }),
        (thrown: unknown) => this.#came({ fault: jobFault('tasks()', thrown) }),
      );
    } catch (thrown) {
      this.#ready = { fault: jobFault('tasks()', thrown) };
    }
  }

  #came(ready: { readonly step: Step } | { readonly fault: Error }): void {
    this.#pending = undefined;
    this.#ready = ready;
    this.#onReady();
  }

  #take(): Step | undefined {
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready === undefined) return undefined;
    if ('fault' in ready) {
      this.#isExhausted = true;
      throw ready.fault;
    }
    if (ready.step.done === true) this.#isExhausted = true;
    return ready.step;
  }
}

function iteratorOf(
  tasks: Iterable<unknown> | AsyncIterable<unknown>,
): Iterator<unknown> | AsyncIterator<unknown> {
  return Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
}
