import { DsageError } from '../../model/errors.js';
import { FRAME, writeBare } from './frames.js';
import { writeLog, writeTickets } from './messages.js';
import type { AbortMessage, TaskMessage } from './messages.js';
import type { ChildParts } from './parts.js';
import type { Program } from './programs.js';
import { TaskRun } from './task-run.js';

/** Code that is never replaced grows: V8 keeps what it has compiled. */
const MAX_TASKS = 100_000;
/** How long a task's last handles may take to close by themselves. */
const CLOSING_MS = 20;
/** As in sysexits.h: a fault of the program itself. */
const INTERNAL_EXIT_CODE = 70;
/** A task that ran this long may have written to its file descriptors. */
const SLOW_US = 1000;

interface Queued {
  readonly program: Program;
  readonly task: TaskMessage;
}

/**
 * Runs the tasks one at a time, in order. Between any two the event loop turns once: commands are read, and
 * a promise that was rejected and left alone is still charged to the task that made it.
 */
export class TaskLoop {
  readonly #parts: ChildParts;
  #queue: Queued[] = [];
  #head = 0;
  #run: TaskRun | undefined;
  #scheduled = false;
  #retiring = false;
  #started = 0;
  #lastName = '';
  #isEnding = false;

  constructor(parts: ChildParts) {
    this.#parts = parts;
  }

  add(program: Program, tasks: readonly TaskMessage[]): void {
    if (this.#retiring) return;
    for (const task of tasks) this.#queue.push({ program, task });
    this.#schedule();
  }

  /** Drops tasks that have not started and says which. */
  revoke(tickets: readonly number[]): void {
    const wanted = new Set(tickets);
    const waiting = this.#queue.slice(this.#head);
    const dropped = waiting.filter(({ task }) => wanted.has(task.ticket));
    this.#queue = waiting.filter(({ task }) => !wanted.has(task.ticket));
    this.#head = 0;
    const { channel } = this.#parts;
    writeTickets(
      channel.writer,
      FRAME.revoked,
      dropped.map(({ task }) => task.ticket),
    );
    channel.flush();
  }

  abort({ ticket, code, reason }: AbortMessage): void {
    if (this.#run?.ticket === ticket) this.#run.context.abort(new DsageError(code, reason));
  }

  /** Something was thrown that nobody caught: it ends the task that runs. */
  uncaught(error: unknown): void {
    const run = this.#run;
    if (this.#isEnding) this.#giveUp(error);
    if (run === undefined) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#log(`${this.#lastName} had ended when something that it left behind threw: ${what}`);
      this.#retire();
      this.#parts.channel.flush();
      return;
    }
    // What the task was waiting for may still come: nothing else must run beside it.
    if (!run.isSettled) this.#retiring = true;
    run.fail(error);
  }

  /** Sends what was gathered, when the process is about to end. */
  flush(): void {
    this.#parts.output.gather();
    this.#parts.channel.flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#step);
  }

  readonly #step = (): void => {
    this.#scheduled = false;
    const run = this.#run;
    if (run !== undefined) {
      // It schedules the next step itself when it is done.
      if (!run.isSettled || this.#awaitsClosing(run)) return;
      this.#end(run);
    }
    if (!this.#retiring) this.#startNext();
  };

  #startNext(): void {
    const next = this.#queue[this.#head];
    if (next === undefined) {
      if (this.#head > 0) this.#queue = [];
      this.#head = 0;
      return;
    }
    if (this.#started > 0 && this.#parts.memory.residentKb > next.program.message.recycleAboveKb) {
      // What earlier tasks have left would be counted against this one's limit.
      this.#retire();
      this.#parts.channel.flush();
      return;
    }
    this.#head += 1;
    if (this.#head >= 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#started += 1;
    this.#run = new TaskRun(next.program, next.task, this.#parts);
    this.#run.start(() => this.#schedule());
  }

  /** Gives handles that are being closed the time to do so; what they throw is still the task's. */
  #awaitsClosing(run: TaskRun): boolean {
    if (!this.#parts.traces.areActive) return false;
    const since = (run.closingSinceMs ??= performance.now());
    if (performance.now() - since >= CLOSING_MS) return false;
    setTimeout(() => this.#schedule(), 1).unref();
    return true;
  }

  #end(run: TaskRun): void {
    this.#isEnding = true;
    const { channel, traces, memory } = this.#parts;
    const leftActive = traces.areActive;
    const isClean = traces.clean();
    if (leftActive)
      this.#log(`${run.name} ended and left ${traces.describeActive()} behind: its process is replaced.`);
    if (run.wallUs >= SLOW_US) writeBare(channel.writer, FRAME.pause);
    run.writeEnd();
    if (run.directoryFault !== undefined) {
      this.#log(
        `The folder of ${run.name} could not be made clean: ${run.directoryFault}; its process is replaced.`,
      );
    }
    this.#lastName = run.name;
    this.#run = undefined;
    const isDirty = leftActive || !isClean || run.directoryFault !== undefined;
    // With the answer: the slot must not send another task first, which would be charged for what this one left.
    if (this.#retiring || isDirty || this.#started >= MAX_TASKS) this.#retire();
    channel.flush();
    memory.startAnew();
    if (!this.#retiring && memory.residentKb > run.recycleAboveKb) {
      this.#retire();
      channel.flush();
    }
    this.#isEnding = false;
  }

  /** The fault is not the task's but ours: without this process the slot can go on. */
  #giveUp(error: unknown): never {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    writeLog(this.#parts.channel.writer, { level: 'error', message: `A task could not be ended: ${what}` });
    this.#parts.channel.flush();
    process.exit(INTERNAL_EXIT_CODE);
  }

  #retire(): void {
    this.#retiring = true;
    this.#queue = [];
    this.#head = 0;
    writeBare(this.#parts.channel.writer, FRAME.retiring);
  }

  #log(message: string): void {
    writeLog(this.#parts.channel.writer, { level: 'warn', message });
  }
}
