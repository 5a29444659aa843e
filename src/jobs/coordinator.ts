import { setImmediate as nextTurn } from 'node:timers/promises';

import { asDsageError, DsageError, KilledError, sentence, TaskFailedError } from '../model/errors.js';
import type { TaskIndex } from '../model/job.js';
import { isFinal, type JobStatus } from '../model/status.js';
import { Alarm } from './alarm.js';
import { NOT_YET } from './distributed-job.js';
import type { DistributedJob } from './distributed-job.js';
import { Ending } from './ending.js';
import { Generator } from './generator.js';
import { JobFault, jobFault } from './job-fault.js';
import type { WaitOptions } from './news.js';
import { Noting } from './noting.js';
import type { Heard, PortListener, TaskPort } from './port.js';
import type { Origin } from './recording.js';
import type { Run, RunCounts } from './run.js';
import { TaskBook } from './task-book.js';
import { Window } from './window.js';

export interface CoordinatorOptions {
  /** Only looks on: somebody else makes the tasks and ends the job. */
  readonly follows?: boolean;
  /** The index of its first task; 0 unless given. */
  readonly firstIndex?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly nowMs?: () => number;
}

interface End {
  readonly status: JobStatus;
  readonly reason: string;
}

/** A replay skips so many `NOT_YET`: it asks only when there was a task. One that gives more does not depend on answers alone. */
const MOST_WAITS = 1_000;
/** The event loop gets its turn after so many answers or tasks. */
const TURN = 256;

/**
 * Runs a job: asks `tasks()` for tasks, hands them to its port a window at a time, gives the answers to `collect`
 * in the order in which they were recorded, and ends the job. Before that it replays what an earlier coordinator
 * of the same job did: each recorded task is met again after as many answers as then, so that `tasks` and
 * `collect` see what they saw.
 */
export class Coordinator implements Run, PortListener {
  id: number | undefined;
  status: JobStatus = 'waiting';
  error: DsageError | undefined;
  readonly startTime = new Date();
  endTime: Date | undefined;
  readonly #job: DistributedJob;
  readonly #port: TaskPort;
  readonly #follows: boolean;
  readonly #nowMs: () => number;
  readonly #generator: Generator;
  readonly #book: TaskBook;
  readonly #window = new Window();
  readonly #ending = new Ending();
  readonly #news = new Alarm();
  readonly #heard: Heard[] = [];
  /** How many answers were heard: what a replay goes by. */
  #clock = 0;
  readonly #counts = { completed: 0, failed: 0, done: 0 };
  /** `tasks()` waits for an answer. */
  #isNotYet = false;
  #isFinishing = false;
  #hasBegunEnd = false;
  #end: End | undefined;

  constructor(job: DistributedJob, port: TaskPort, options: CoordinatorOptions = {}) {
    this.#job = job;
    this.#port = port;
    this.#follows = options.follows ?? false;
    this.#book = new TaskBook(options.firstIndex ?? 0);
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#generator = new Generator(job, () => this.#news.ring());
  }

  get isDone(): boolean {
    return this.#ending.hasCome;
  }

  get accepted(): Promise<number> {
    return this.#port.accepted;
  }

  get counts(): RunCounts {
    return { submitted: this.#book.count, ...this.#counts };
  }

  /** Takes the job over and goes on until it has ended. Throws for a job that was started before. */
  start(): this {
    this.#job.begin(this);
    this.#port.listen(this);
    void this.#main();
    return this;
  }

  async #main(): Promise<void> {
    const recorded = this.#port.recorded()[Symbol.asyncIterator]();
    const noting =
      this.#follows || this.#port.note === undefined ? undefined : new Noting(this.#job, this.#port);
    try {
      for (;;) {
        this.#news.clear();
        await this.#work(recorded);
        if (this.isDone) return;
        await this.#news.rung();
      }
    } catch (thrown) {
      this.#lose(asDsageError(thrown));
    } finally {
      noting?.close();
      this.#generator.close();
      this.#port.close();
    }
  }

  /** All that can be done now. What goes wrong in the job's own code fails the job. */
  async #work(recorded: AsyncIterator<readonly unknown[]>): Promise<void> {
    try {
      await this.#hear(recorded);
      await this.#make();
      this.#flush();
      if (this.#isFinishing || this.#isComplete()) await this.#endJob('completed', '');
    } catch (thrown) {
      if (!(thrown instanceof JobFault)) throw thrown;
      if (this.#follows || this.#end !== undefined) throw thrown.error;
      this.#flush();
      this.error = thrown.error;
      await this.#endJob('failed', thrown.error.message);
    }
    if (this.#end !== undefined && (this.#heard.length === 0 || this.#isFinishing || this.#hasBegunEnd))
      this.#conclude(this.#end);
  }

  /** Gives what was heard to the job, each at its point of the replay. */
  async #hear(recorded: AsyncIterator<readonly unknown[]>): Promise<void> {
    let taken = 0;
    while (!this.#hasBegunEnd && !this.#isFinishing) {
      if (await this.#catchUp(recorded)) continue;
      const next = this.#heard[taken];
      if (next === undefined) break;
      taken += 1;
      await this.#take(next);
      if (taken % TURN === 0) await nextTurn();
    }
    this.#heard.splice(0, taken);
    if (taken > 0) this.#window.answered(taken, this.#nowMs());
  }

  /** Brings the replay to the present clock; true when it has read something, and must look again. */
  async #catchUp(recorded: AsyncIterator<readonly unknown[]>): Promise<boolean> {
    const { recording } = this.#book;
    // Who follows hears of tasks that it has not read: they are there to be read by then.
    const isBehind = this.#follows
      ? this.#heard.some(({ index }) => index >= recording.nextIndex)
      : !recording.covers(this.#clock);
    if (isBehind && !recording.isComplete) {
      const step = await recorded.next();
      if (step.done === true) recording.complete();
      else this.#book.load(step.value);
      return true;
    }
    while (recording.isGeneratedDue(this.#clock)) {
      recording.takeGenerated();
      // It may give another value than then, or none: what is recorded counts.
      let step = await this.#generator.next();
      for (let left = MOST_WAITS; left > 0 && step.value === NOT_YET; left -= 1)
        step = await this.#generator.next();
    }
    return false;
  }

  async #take(heard: Heard): Promise<void> {
    const { index } = heard;
    const open = this.#book.answered(index);
    // Heard before, over a connection that broke.
    if (open === undefined) return;
    const { task } = open;
    this.#counts.done += 1;
    if (heard.outcome === 'completed') await this.#collect(heard.value, task, index);
    else if (heard.outcome === 'failed') this.#decide(heard.error, task, index);
    this.#clock += 1;
  }

  async #collect(answer: unknown, task: unknown, index: TaskIndex): Promise<void> {
    this.#counts.completed += 1;
    try {
      const collected: unknown = this.#job.collect(answer, task, index);
      if (collected instanceof Promise) await collected;
    } catch (thrown) {
      throw jobFault('collect()', thrown);
    }
    this.#job.events.emit('collected', answer, task, index);
  }

  #decide(error: DsageError, task: unknown, index: TaskIndex): void {
    this.#counts.failed += 1;
    let decision;
    try {
      decision = this.#job.onFailure(error, task, index);
    } catch (thrown) {
      throw jobFault('onFailure()', thrown);
    }
    this.#job.events.emit('failed', error, task, decision);
    if (decision === 'retry') this.#add(task, 'retried');
    else if (decision !== 'skip') throw new JobFault(error);
  }

  /** Asks `tasks()` for new tasks while there is room for them. */
  async #make(): Promise<void> {
    if (!this.#mayAdd() || !this.#book.recording.isReplayed) return;
    this.#window.slots = this.#port.slots;
    this.#isNotYet = false;
    for (let made = 0; !this.#isFinishing && !this.#port.isFull; made += 1) {
      if (this.#book.unanswered >= this.#window.size) {
        this.#window.filled();
        return;
      }
      const step = this.#generator.ask();
      if (step === undefined || step.done === true) return;
      if (step.value === NOT_YET) {
        this.#isNotYet = true;
        return;
      }
      this.#add(step.value, 'generated');
      if (made % TURN !== TURN - 1) continue;
      this.#flush();
      await nextTurn();
      if (this.#news.hasRung) return;
    }
  }

  #add(task: unknown, origin: Origin): void {
    if (origin !== 'generated' && this.#book.recording.takeAdded(this.#clock)) return;
    if (this.#mayAdd()) this.#book.add(task, this.#clock, origin);
  }

  #mayAdd(): boolean {
    return !this.#follows && this.#end === undefined && !this.#hasBegunEnd;
  }

  #flush(): void {
    if (this.#hasBegunEnd) return;
    const made = this.#book.takeMade();
    if (made.length === 0) return;
    try {
      this.#port.submit(made);
    } catch (thrown) {
      // A task that cannot travel is a fault of the job's.
      throw new JobFault(asDsageError(thrown));
    }
  }

  #isComplete(): boolean {
    const isAllMade = this.#generator.isExhausted || this.#isNotYet;
    return this.#mayAdd() && this.#book.recording.isReplayed && isAllMade && this.#book.unanswered === 0;
  }

  async #endJob(status: 'completed' | 'failed', reason: string): Promise<void> {
    if (!this.#mayAdd()) return;
    let result: unknown;
    try {
      if (status === 'completed') ({ result } = this.#job);
    } catch (thrown) {
      throw jobFault('result', thrown);
    }
    this.#hasBegunEnd = true;
    await this.#port.end({ status, reason, result });
  }

  #conclude({ status, reason }: End): void {
    const said = sentence(reason === '' ? 'no reason was given' : reason);
    this.status = status;
    if (status === 'completed') this.error = undefined;
    else if (status === 'killed') this.error = new KilledError(`${this.#label} was killed: ${said}`);
    else this.error = new TaskFailedError(`${this.#label} failed: ${said}`, causeOf(this.error));
    this.#finishRun();
  }

  /** Nothing more is heard of the job, which may well go on. */
  #lose(error: DsageError): void {
    if (this.isDone) return;
    this.error = error;
    if (!isFinal(this.status)) this.status = 'failed';
    this.#finishRun();
  }

  #finishRun(): void {
    this.endTime = new Date();
    this.#book.clear();
    this.#ending.come();
    this.#job.events.emit('end', this.status);
  }

  get #label(): string {
    return this.id === undefined ? 'The job' : `Job ${String(this.id)}`;
  }

  // What the port tells.

  onAccepted(job: number): void {
    this.id = job;
  }

  onHeard(heard: readonly Heard[]): void {
    for (const one of heard) this.#heard.push(one);
    this.#news.ring();
  }

  onStatus(status: JobStatus): void {
    if (!isFinal(status)) this.status = status;
  }

  onRoom(): void {
    this.#news.ring();
  }

  onEnded(status: JobStatus, reason: string): void {
    this.#end = { status, reason };
    this.#news.ring();
  }

  onLost(error: DsageError): void {
    this.#lose(error);
    this.#news.ring();
  }

  // What the job and its user ask for.

  submit(task: unknown): void {
    if (this.isDone || this.#isFinishing) {
      throw new DsageError('failed-precondition', `${this.#label} has finished: it takes no more tasks.`);
    }
    this.#add(task, 'submitted');
    this.#news.ring();
  }

  finish(): void {
    this.#isFinishing = true;
    this.#news.ring();
  }

  killTasks(which: (task: unknown, index: TaskIndex) => boolean): void {
    if (!this.#mayAdd()) return;
    this.#flush();
    for (const index of this.#book.matching(which)) this.#port.kill(index);
  }

  async wait(options: WaitOptions): Promise<void> {
    await this.#ending.wait(options, () => {
      const { done, submitted } = this.counts;
      return `${this.#label.toLowerCase()} had not ended: ${String(done)} of ${String(submitted)} tasks were done`;
    });
    if (this.error !== undefined) throw this.error;
  }

  async stop(reason: string): Promise<void> {
    if (!this.isDone) await this.#port.stop(reason);
  }

  pause(): Promise<void> {
    return this.#port.pause();
  }

  resume(): Promise<void> {
    return this.#port.resume();
  }
}

function causeOf(error: DsageError | undefined): { readonly cause?: unknown } {
  return error === undefined ? {} : { cause: error.cause ?? error };
}
