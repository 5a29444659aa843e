import type { Heard, JobEnding, PortListener, TaskPort } from '../jobs/port.js';
import { asDsageError, DsageError, KilledError } from '../model/errors.js';
import type { TaskIndex } from '../model/job.js';
import type { Runner } from './runner.js';

interface Waiting {
  readonly index: TaskIndex;
  /** As its runner keeps it. */
  readonly prepared: unknown;
}

/**
 * A coordinator's way to what runs its tasks on this machine. Nothing is recorded: the job ends with this process. A task has
 * one attempt; what becomes of one that failed is the job's to decide.
 */
export class LocalJobPort implements TaskPort {
  readonly #runner: Runner;
  #listener: PortListener | undefined;
  #nextIndex: TaskIndex = 0;
  #waiting: Waiting[] = [];
  readonly #running = new Map<TaskIndex, AbortController>();
  #heard: Heard[] = [];
  #isPaused = false;
  #hasEnded = false;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  get accepted(): Promise<number> {
    return Promise.reject(
      new DsageError('failed-precondition', 'A job that this machine runs by itself has no number.', {
        hint: 'Start it on a server: d.start(job).',
      }),
    );
  }

  get slots(): number {
    return this.#runner.slots;
  }

  get isFull(): boolean {
    return false;
  }

  listen(listener: PortListener): void {
    this.#listener = listener;
  }

  async *recorded(): AsyncGenerator<readonly unknown[]> {
    // A job that runs here begins here.
  }

  submit(tasks: readonly unknown[]): void {
    for (const task of tasks) {
      this.#waiting.push({ index: this.#nextIndex, prepared: this.#runner.prepare(task) });
      this.#nextIndex += 1;
    }
    this.#dispatch();
  }

  kill(index: TaskIndex): void {
    const place = this.#waiting.findIndex((waiting) => waiting.index === index);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      this.#tell({
        index,
        outcome: 'killed',
        error: new KilledError('The task was killed before it began.'),
      });
    } else {
      this.#running.get(index)?.abort(new KilledError('its job needs it no more'));
    }
  }

  end({ status, reason }: JobEnding): Promise<void> {
    this.#end(status, reason);
    return Promise.resolve();
  }

  stop(reason: string): Promise<void> {
    this.#end('killed', reason);
    return Promise.resolve();
  }

  pause(): Promise<void> {
    this.#isPaused = true;
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.#isPaused = false;
    this.#dispatch();
    return Promise.resolve();
  }

  close(): void {
    this.#hasEnded = true;
    this.#listener = undefined;
    this.#waiting = [];
    this.#runner.close();
  }

  #end(status: 'completed' | 'failed' | 'killed', reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#waiting = [];
    for (const running of this.#running.values()) running.abort(new KilledError('its job has ended'));
    setImmediate(() => this.#listener?.onEnded(status, reason));
  }

  /** The runner is given only what it runs at once: what waits can still be held back. */
  #dispatch(): void {
    while (!this.#hasEnded && !this.#isPaused && this.#running.size < this.#runner.slots) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      void this.#run(next);
    }
  }

  async #run({ index, prepared }: Waiting): Promise<void> {
    const aborting = new AbortController();
    this.#running.set(index, aborting);
    let heard: Heard;
    try {
      const value = await this.#runner.run(prepared, index, aborting.signal);
      heard = { index, outcome: 'completed', value };
    } catch (thrown) {
      const outcome = thrown instanceof KilledError ? 'killed' : 'failed';
      heard = { index, outcome, error: asDsageError(thrown) };
    }
    this.#running.delete(index);
    this.#tell(heard);
    this.#dispatch();
  }

  /** What is told in one turn of the event loop is told together. */
  #tell(heard: Heard): void {
    if (this.#heard.push(heard) > 1) return;
    setImmediate(() => {
      const all = this.#heard;
      this.#heard = [];
      if (!this.#hasEnded) this.#listener?.onHeard(all);
    });
  }
}
