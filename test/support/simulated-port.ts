import { setImmediate as nextTurn } from 'node:timers/promises';

import type { DistributedJob } from '#dsage/jobs/distributed-job.js';
import type { Heard, JobEnding, PortListener, TaskPort } from '#dsage/jobs/port.js';
import { type DsageError, TaskFailedError } from '#dsage/model/errors.js';
import type { JobStatus } from '#dsage/model/status.js';
import type { Random } from './random.js';

/** One job as a server has it: what is stored of it outlives its coordinators. */
export class SimulatedServer {
  readonly tasks: unknown[] = [];
  readonly heard: Heard[] = [];
  /** How often each task was computed. */
  readonly computed: number[] = [];
  readonly killed: number[] = [];
  end: { readonly status: JobStatus; readonly reason: string; readonly result?: unknown } | undefined;
  readonly #ended = new Set<number>();
  readonly #worker: DistributedJob;
  readonly #random: Random;
  #coordinator = 0;
  slots = 2;

  /** @param worker the instance whose `compute` runs on the workers */
  constructor(worker: DistributedJob, random: Random) {
    this.#worker = worker;
    this.#random = random;
  }

  /** Somebody begins to coordinate: the port of the one before is cut off. */
  port(): SimulatedPort {
    this.#coordinator += 1;
    return new SimulatedPort(this, this.#coordinator);
  }

  isCurrent(coordinator: number): boolean {
    return coordinator === this.#coordinator;
  }

  waiting(): number[] {
    return this.tasks.map((_, index) => index).filter((index) => !this.#ended.has(index));
  }

  /** Runs one waiting task, whichever; false when none waits. */
  async work(): Promise<boolean> {
    const waiting = this.waiting();
    if (waiting.length === 0 || this.end !== undefined) return false;
    const index = this.#random.pick(waiting.slice(0, 4));
    const [task] = this.tasks[index] as [unknown];
    this.computed[index] = (this.computed[index] ?? 0) + 1;
    const heard = await Promise.resolve()
      .then(() => this.#worker.compute(task, undefined as never))
      .then(
        (value): Heard => ({ index, outcome: 'completed', value }),
        (thrown: unknown): Heard => ({ index, outcome: 'failed', error: failureOf(index, thrown as Error) }),
      );
    this.record(heard);
    return true;
  }

  record(heard: Heard): void {
    this.#ended.add(heard.index);
    this.heard.push(heard);
  }

  kill(index: number): void {
    this.killed.push(index);
    if (this.#ended.has(index)) return;
    this.record({ index, outcome: 'killed', error: failureOf(index, new Error('killed')) });
  }
}

function failureOf(index: number, thrown: Error): DsageError {
  return new TaskFailedError(`Task ${String(index)} failed: ${thrown.message}`, { cause: thrown });
}

/** A coordinator's way to a simulated server. What it submits may be lost with it, from some place on. */
export class SimulatedPort implements TaskPort {
  isFull = false;
  isPaused = false;
  readonly #server: SimulatedServer;
  readonly #number: number;
  readonly #already: number;
  /** On its way. */
  #submitted: unknown[] = [];
  #told = 0;
  #hasEnded = false;
  #listener: PortListener | undefined;
  #ending: (JobEnding & { readonly done: () => void }) | undefined;

  constructor(server: SimulatedServer, number: number) {
    this.#server = server;
    this.#number = number;
    this.#already = server.tasks.length;
  }

  readonly accepted = Promise.resolve(7);

  get slots(): number {
    return this.#server.slots;
  }

  async *recorded(): AsyncGenerator<readonly unknown[]> {
    for (let first = 0; first < this.#already; first += 3) {
      await nextTurn();
      yield this.#server.tasks.slice(first, Math.min(first + 3, this.#already));
    }
  }

  submit(tasks: readonly unknown[]): void {
    this.#submitted.push(...structuredClone(tasks));
  }

  kill(index: number): void {
    this.deliver();
    this.#server.kill(index);
  }

  end(ending: JobEnding): Promise<void> {
    return new Promise((done) => (this.#ending = { ...ending, done }));
  }

  stop(reason: string): Promise<void> {
    this.#server.end ??= { status: 'killed', reason };
    return Promise.resolve();
  }

  pause(): Promise<void> {
    this.isPaused = true;
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.isPaused = false;
    return Promise.resolve();
  }

  listen(listener: PortListener): void {
    this.#listener = listener;
    listener.onAccepted(7);
  }

  close(): void {
    this.#listener = undefined;
  }

  /** Hands on some of what was submitted; all unless told how many. */
  deliver(count = Infinity): void {
    const arrived = this.#submitted.splice(0, Math.min(count, this.#submitted.length));
    if (!this.#server.isCurrent(this.#number) || this.#server.end !== undefined) return;
    this.#server.tasks.push(...arrived);
    if (this.#submitted.length > 0 || this.#ending === undefined) return;
    const { done, ...end } = this.#ending;
    this.#ending = undefined;
    this.#server.end = end;
    done();
  }

  /** Tells the coordinator what it has not heard. */
  tell(count = Infinity): void {
    const { heard, end } = this.#server;
    const news = heard.slice(this.#told, Math.min(this.#told + count, heard.length));
    this.#told += news.length;
    if (news.length > 0) this.#listener?.onHeard(news);
    if (end === undefined || this.#told < heard.length || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#listener?.onEnded(end.status, end.reason);
  }
}
