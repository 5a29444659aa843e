import { rmSync } from 'node:fs';

import { DsageError, messageOf } from '../../model/errors.js';
import type { Lease } from '../../model/task.js';
import type { FrameBody } from '../child/frames.js';
import { FRAME } from '../child/frames.js';
import {
  readEnded,
  readLog,
  readOutput,
  readProgress,
  readTickets,
  writeTickets,
} from '../child/messages.js';
import type { EndedMessage } from '../child/messages.js';
import type { ChildKeeper } from './child-keeper.js';
import { putAway } from './directories.js';
import { Entry } from './entry.js';
import { Queue } from './queue.js';
import {
  endedInTime,
  faultOfEnding,
  faultOfExit,
  faultyEnd,
  largeAnswerOf,
  nonsenseFault,
  startFault,
} from './reports.js';
import type { Fault } from './reports.js';
import { sendTasks } from './send.js';
import type { ChildExit } from './task-child.js';
import { Supervision } from './supervision.js';
import type { SlotHandlers, SlotOptions, SlotProgram, SlotTask, TaskEnd } from './types.js';
import type { Watched } from './watch.js';

/** So many starts may fail in a row before the tasks that wait are failed with the reason. */
const START_TRIES = 3;
/** How long a flood beyond the limit has to wait before more of it is thrown away. */
const FLOOD_REST_MS = 10;

/**
 * The tasks of a slot in their order: those that are held here, and those that were sent to the child, of
 * which the first one runs. Decides what every event of the child means for them.
 */
export class TaskLine {
  readonly #options: SlotOptions;
  readonly #handlers: Required<SlotHandlers>;
  readonly #keeper: ChildKeeper;
  readonly #supervision: Supervision;
  readonly #held = new Queue<Entry>();
  readonly #sent = new Queue<Entry>();
  #lastTicket = 0;
  #nonsense: string | undefined;

  constructor(options: SlotOptions, keeper: ChildKeeper, handlers: Required<SlotHandlers>) {
    this.#options = options;
    this.#keeper = keeper;
    this.#handlers = handlers;
    this.#supervision = new Supervision(options.memoryMb ?? 0, () => this.#watched());
  }

  get length(): number {
    return this.#held.length + this.#sent.length;
  }

  get running(): Lease | undefined {
    const first = this.#sent.first;
    return first === undefined || first.isRevoked ? undefined : first.lease;
  }

  add(program: SlotProgram, tasks: readonly SlotTask[]): void {
    for (const task of tasks) this.#held.push(new Entry((this.#lastTicket += 1), program, task));
    this.#pump();
  }

  /** Takes back those of the tasks that have not started, as far as is known here. */
  takeBack(isWanted: (entry: Entry) => boolean): Lease[] {
    return this.#revoke(isWanted).map(({ lease }) => lease);
  }

  kill(lease: Lease, reason: string): void {
    for (const entry of this.#revoke((one) => one.matches(lease))) {
      this.#reportSoon(entry, { kind: 'killed', message: reason });
      entry.isReported = true;
    }
    const first = this.#sent.first;
    if (first !== undefined && !first.isRevoked && first.matches(lease)) {
      this.#supervision.end(first, { kind: 'killed', reason });
    }
  }

  /** No more events are answered. Returns the task that this cuts off. */
  close(): Lease[] {
    this.#supervision.stop();
    const cutOff = this.#sent.clear().filter((entry) => !entry.isRevoked);
    return cutOff.map(({ lease }) => lease);
  }

  ready(): void {
    this.#pump();
    this.#reportFree();
  }

  frameCame(type: number, body: FrameBody): void {
    switch (type) {
      case FRAME.ended:
        this.#ended(readEnded(body));
        return;
      case FRAME.output: {
        const { ticket, stderr, bytes } = readOutput(body);
        if (ticket === this.#sent.first?.ticket) this.#pass(this.#sent.first, stderr, bytes);
        return;
      }
      case FRAME.progress: {
        const { ticket, fraction } = readProgress(body);
        if (ticket === this.#sent.first?.ticket) this.#handlers.onProgress(this.#sent.first.lease, fraction);
        return;
      }
      case FRAME.revoked:
        this.#revoked(new Set(readTickets(body)));
        return;
      case FRAME.retiring:
        this.#retire();
        return;
      case FRAME.log:
        this.#handlers.onLog(readLog(body));
        return;
      default:
        throw new DsageError('internal', `A child sent a frame of the unknown type ${type}.`);
    }
  }

  rawOutputCame(stderr: boolean, chunk: Buffer): void {
    const entry = this.#sent.first;
    if (entry === undefined) return;
    if (stderr && chunk.includes('heap out of memory')) entry.exhaustedHeap = true;
    this.#pass(entry, stderr, chunk);
    if (entry.output.isCut) this.#keeper.ready?.restRawOutput(stderr, FLOOD_REST_MS);
  }

  /** The task must have written to the pipe of its child. */
  nonsenseCame(error: unknown): void {
    this.#nonsense = messageOf(error);
    this.#log('error', `${this.#nonsense} The child is ended.`);
    this.#keeper.ready?.signal('SIGKILL');
  }

  childDied(exit: ChildExit, directory: string): void {
    const ending = this.#supervision.take();
    const nonsense = this.#nonsense;
    this.#nonsense = undefined;
    const [head, ...waiting] = this.#sent.clear();
    this.#held.unshift(waiting.filter((entry) => !entry.isRevoked));
    if (head === undefined || head.isRevoked) {
      putAway(directory);
      const how = exit.signal ?? `exit code ${exit.exitCode ?? 'unknown'}`;
      this.#log('warn', `A child without a task ended by ${how}; another one is started.`);
      return;
    }
    const fault = nonsense === undefined ? faultOfExit(head, exit, ending) : nonsenseFault(nonsense);
    const { workDirectory } = this.#options;
    const kept = putAway(
      directory,
      fault.kind === 'killed' ? undefined : { lease: head.lease, workDirectory },
    );
    this.#report(
      head,
      faultyEnd(head, kept === undefined ? fault : { ...fault, directory: kept }, this.#options),
    );
  }

  startFailed(exit: ChildExit, stderr: string | undefined, inARow: number): void {
    const fault = startFault(exit, stderr);
    this.#log('error', fault.message);
    if (inARow < START_TRIES) return;
    for (const entry of this.#held.clear()) this.#report(entry, faultyEnd(entry, fault, this.#options));
  }

  /** Sends what waits, as far as the child may have it. */
  #pump(): void {
    const keeper = this.#keeper;
    const child = keeper.ready;
    if (child === undefined || this.#held.length === 0) return;
    const runningBefore = this.#sent.length;
    for (let next = this.#held.first; next !== undefined; next = this.#held.first) {
      keeper.owner ??= next.program.owner;
      // Nobody's code runs where another's has run.
      if (next.program.owner !== keeper.owner) break;
      sendTasks({ held: this.#held, sent: this.#sent, child, programs: keeper.programs }, (entry, fault) =>
        this.#reportSoon(entry, fault),
      );
    }
    child.send();
    if (runningBefore > 0) return;
    if (this.#sent.length > 0) this.#startHead();
    else if (this.#held.length > 0) keeper.replace();
  }

  #startHead(): void {
    const entry = this.#sent.first;
    if (entry !== undefined) this.#supervision.begin(entry);
  }

  #watched(): Watched | undefined {
    const [entry, child] = [this.#sent.first, this.#keeper.ready];
    return entry === undefined || child === undefined ? undefined : { entry, child };
  }

  #revoke(isWanted: (entry: Entry) => boolean): Entry[] {
    const held = this.#held.extract(isWanted);
    const sent = this.#sent.toArray().filter((entry, at) => at > 0 && !entry.isRevoked && isWanted(entry));
    const child = this.#keeper.ready;
    if (sent.length > 0 && child !== undefined) {
      for (const entry of sent) entry.isRevoked = true;
      writeTickets(
        child.writer,
        FRAME.revoke,
        sent.map(({ ticket }) => ticket),
      );
      child.send();
    }
    return [...sent, ...held];
  }

  #revoked(tickets: ReadonlySet<number>): void {
    const head = this.#sent.first;
    this.#sent.extract((entry) => tickets.has(entry.ticket));
    if (this.#sent.first === head) return;
    this.#supervision.take();
    this.#goOn();
  }

  #ended(message: EndedMessage): void {
    const entry = this.#sent.shift();
    if (entry?.ticket !== message.ticket) {
      if (entry !== undefined) this.#sent.unshift([entry]);
      throw new DsageError('internal', 'A child ended a task that it was not running.');
    }
    const ending = this.#supervision.take();
    if (ending !== undefined && !endedInTime(ending, message)) {
      if (message.file !== '') rmSync(message.file, { force: true });
      this.#report(entry, faultyEnd(entry, faultOfEnding(ending), this.#options));
    } else {
      this.#report(entry, {
        outcome: message.completed ? 'completed' : 'failed',
        record: message.record,
        wallUs: message.wallUs,
        ...(message.file === '' ? {} : { largeAnswer: largeAnswerOf(message) }),
      });
    }
    this.#goOn();
  }

  #goOn(): void {
    if (this.#sent.length > 0) {
      this.#startHead();
      return;
    }
    this.#pump();
    this.#reportFree();
  }

  /** The child starts nothing more: what it has not started goes to the next one. */
  #retire(): void {
    const ending = this.#supervision.take();
    const waiting = this.#sent.clear().filter((entry) => !entry.isRevoked);
    if (ending !== undefined && waiting[0] === ending.entry) {
      waiting.shift();
      this.#report(ending.entry, faultyEnd(ending.entry, faultOfEnding(ending), this.#options));
    }
    this.#held.unshift(waiting);
    this.#keeper.replace();
  }

  #pass(entry: Entry, stderr: boolean, chunk: Buffer): void {
    if (entry.isRevoked) return;
    const passed = entry.output.take(chunk);
    if (passed !== undefined) this.#handlers.onOutput(entry.lease, stderr, passed);
  }

  #report(entry: Entry, end: TaskEnd): void {
    if (entry.isReported) return;
    entry.isReported = true;
    this.#handlers.onEnded(entry.lease, end);
  }

  /** Not from inside a call of the slot's owner. */
  #reportSoon(entry: Entry, fault: Fault): void {
    setImmediate(() => {
      this.#handlers.onEnded(entry.lease, faultyEnd(entry, fault, this.#options));
      this.#reportFree();
    });
  }

  #reportFree(): void {
    if (this.length === 0 && this.#keeper.ready !== undefined) this.#handlers.onFree();
  }

  #log(level: 'warn' | 'error', message: string): void {
    this.#handlers.onLog({ level, message: `Slot ${this.#options.number}: ${message}` });
  }
}
