import { setTimeout as sleep } from 'node:timers/promises';

import type { JobEnding, Note, PortListener, TaskPort } from '../jobs/port.js';
import { asDsageError, DsageError } from '../model/errors.js';
import type { JobStatus } from '../model/status.js';
import { isFinal } from '../model/status.js';
import { encodeValue } from '../wire/codec.js';
import { bufferOf, statusFromMessage } from '../wire/convert.js';
import type { JobAnswers, JobChanged } from '../wire/gen/dsage/v1/client.js';
import { EMPTY_PAYLOAD } from '../wire/payload.js';
import { Status } from '../wire/gen/dsage/v1/types.js';
import type { JobSpec } from '../wire/gen/dsage/v1/types.js';
import { AnswerInbox } from './answer-inbox.js';
import { OUTBOX_LIMITS } from './core/outbox.js';
import { deferred } from './deferred.js';
import type { Part } from './core/outbox-entry.js';
import { KillQueue } from './kill-queue.js';
import { recordedTasks } from './recorded-tasks.js';
import type { JobListener } from './session.js';
import { SlotCount } from './slot-count.js';
import { partOf } from './submit.js';
import { TaskSender } from './task-sender.js';
import type { Connection } from './tracked-job.js';

/** Which job a coordinator gets a port to. */
export type JobSource =
  /** One that is to be submitted, once its class is ready to travel; a worker coordinates it when it is detached. */
  | { readonly type: 'new'; readonly spec: Promise<JobSpec>; readonly isDetached: boolean }
  /** One of which the caller is the coordinator now. */
  | {
      readonly type: 'own';
      readonly job: number;
      readonly coordinator: number;
      readonly taskCount: number;
      readonly isDetached: boolean;
    }
  /** One that somebody else coordinates, or that has ended. */
  | { readonly type: 'other'; readonly job: number; readonly isDetached: boolean };

const NO_TASKS: Part = { count: 0, packedTasks: Buffer.alloc(0) };
/** A task that was heard of can be read a moment later at the latest. */
const READ_AGAIN_MS = 50;

/** A coordinator's way to its job on the server, over the connection's one session. */
export class JobPort implements TaskPort, JobListener {
  readonly #connection: Connection;
  readonly #source: JobSource;
  readonly #inbox: AnswerInbox;
  readonly #sender: TaskSender;
  readonly #slots: SlotCount;
  readonly #kills: KillQueue;
  readonly #accepted = deferred<number>();
  #listener: PortListener | undefined;
  #id: number | undefined;
  #seq: number | undefined;
  #generation: number | undefined;
  #waitsForRoom = false;
  /** Parts that were made before the job was submitted. */
  #early: Part[] = [];
  #hasBegun: boolean;
  #isClosed = false;
  #ended: () => void = () => undefined;

  constructor(connection: Connection, source: JobSource) {
    this.#connection = connection;
    this.#source = source;
    this.#hasBegun = source.type !== 'new';
    const { blobs, rpc } = connection;
    const onProblem = (thrown: unknown): void => void this.#giveUp(asDsageError(thrown));
    this.#inbox = new AnswerInbox({ blobs, onProblem, onHeard: (heard) => this.#listener?.onHeard(heard) });
    this.#sender = new TaskSender({ blobs, onProblem, onPart: (part) => this.#send(part) });
    this.#slots = new SlotCount(rpc, () => this.#listener?.onRoom());
    this.#kills = new KillQueue(
      rpc,
      () => this.#requireId(),
      (thrown) => this.#lose(thrown),
    );
  }

  /** The index of the first task that a coordinator has made: in a detached job it is itself the first task. */
  get firstIndex(): number {
    return this.#source.isDetached ? 1 : 0;
  }

  /** Somebody else makes the tasks and ends the job. */
  get follows(): boolean {
    return this.#source.type === 'other' || (this.#source.type === 'new' && this.#source.isDetached);
  }

  /** Resolves with the job's number once the server has it; rejects when it was refused. */
  get accepted(): Promise<number> {
    return this.#requireId();
  }

  get slots(): number {
    return this.#slots.value;
  }

  get isFull(): boolean {
    const { session } = this.#connection;
    return this.#sender.isFull || session.pendingBytes >= OUTBOX_LIMITS.bytes;
  }

  listen(listener: PortListener): void {
    this.#listener = listener;
    const { session } = this.#connection;
    if (this.#source.type === 'new') {
      const { spec } = this.#source;
      // A class that cannot travel is known before there are tasks.
      spec.catch((thrown: unknown) => this.#lose(thrown));
      if (this.follows) this.#begin();
    } else {
      this.#id = this.#source.job;
      if (this.#source.type === 'own') this.#seq = session.adopt(this.#source, this);
      // It must not hear of anything while it is still being made.
      queueMicrotask(() => {
        listener.onAccepted(this.#id ?? 0);
        session.watch(this.#id ?? 0, this);
      });
    }
    if (!this.follows) this.#slots.start();
  }

  async *recorded(): AsyncGenerator<readonly unknown[]> {
    const { type } = this.#source;
    if (type === 'new' && !this.follows) return;
    if (type === 'own') {
      const { job, taskCount } = this.#source;
      if (taskCount > this.firstIndex) yield* recordedTasks(this.#connection, job, this.firstIndex);
      return;
    }
    const job = await this.#requireId();
    // Who follows asks again whenever it hears of a task that it does not know.
    for (let next = this.firstIndex; ;) {
      for await (const tasks of recordedTasks(this.#connection, job, next)) {
        next += tasks.length;
        yield tasks;
      }
      await sleep(READ_AGAIN_MS);
    }
  }

  submit(tasks: readonly unknown[]): void {
    this.#sender.add(tasks);
    this.#begin();
    if (this.isFull) this.#waitForRoom();
  }

  kill(index: number): void {
    this.#kills.add(index);
  }

  note({ text, fraction }: Note): void {
    const job = this.#id;
    if (job === undefined || this.#isClosed) return;
    const coordinator = this.#source.type === 'own' ? this.#source.coordinator : 0;
    this.#connection.session.note({ job, text, fraction, coordinator });
  }

  async end({ status, reason, result }: JobEnding): Promise<void> {
    if (status === 'failed' && !this.#hasBegun) {
      // It has no tasks that could be sent: nothing of it is on the server, nor need be.
      this.#listener?.onEnded(status, reason);
      return;
    }
    this.#begin();
    await this.#sender.settled();
    const message = {
      status: status === 'completed' ? Status.COMPLETED : Status.FAILED,
      reason,
      result: await this.#resultOf(result),
    };
    const ended = new Promise<void>((resolve) => (this.#ended = resolve));
    await this.#requireId();
    if (this.#seq !== undefined) this.#connection.session.closeJob(this.#seq, message);
    await ended;
  }

  async stop(reason: string): Promise<void> {
    const jobs = [await this.#requireId()];
    await this.#connection.rpc.call('killJobs', { jobs, all: false, reason, indexes: [] });
  }

  async pause(): Promise<void> {
    await this.#connection.rpc.call('pauseJobs', { jobs: [await this.#requireId()] });
  }

  async resume(): Promise<void> {
    await this.#connection.rpc.call('resumeJobs', { jobs: [await this.#requireId()] });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener = undefined;
    this.#slots.stop();
    this.#kills.close();
    this.#accepted.reject(new DsageError('failed-precondition', 'The job was not submitted.'));
    this.#ended();
    if (this.#id !== undefined) this.#connection.session.finished(this, this.#id, this.#seq);
  }

  // What the session tells.

  get nextOrdinal(): number {
    return this.#inbox.nextOrdinal;
  }

  onAccepted(job: number): void {
    this.#id = job;
    this.#accepted.resolve(job);
    this.#listener?.onAccepted(job);
  }

  onRefused(error: DsageError): void {
    // A job that has ended takes no more tasks; its status says why.
    if (this.#id !== undefined && error.code === 'failed-precondition') return;
    if (this.#id === undefined || error.code === 'taken-over') this.#lose(error);
    else void this.#giveUp(error);
  }

  onAnswers(batch: JobAnswers): void {
    this.#inbox.add(batch);
  }

  onChanged(changed: JobChanged): void {
    if (changed.status === Status.UNSPECIFIED) {
      this.#lose(new DsageError('not-found', `Job ${this.#id ?? 0} is not on the server any more.`));
      return;
    }
    if (this.#generation !== undefined && changed.generation > this.#generation) {
      this.#lose(new DsageError('failed-precondition', `Job ${this.#id ?? 0} is run again.`));
      return;
    }
    this.#generation = changed.generation;
    const status = statusFromMessage(changed.status);
    this.#inbox.then(() => this.#tellStatus(status, changed.reason));
  }

  onLost(error: DsageError): void {
    this.#lose(error);
  }

  #tellStatus(status: JobStatus, reason: string): void {
    if (!isFinal(status)) {
      this.#listener?.onStatus(status);
      return;
    }
    this.#listener?.onEnded(status, reason);
    this.#ended();
  }

  /** Submits a new job, with its first tasks: one that fails before it has any is never submitted. Idempotent. */
  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    if (this.#source.type !== 'new') return;
    const submitted = this.#source.spec
      .then((spec) => this.#submitted(spec))
      .catch((thrown: unknown) => this.#lose(thrown));
    this.#connection.session.expect(submitted);
  }

  #submitted(spec: JobSpec): void {
    if (this.#isClosed) return;
    const { session } = this.#connection;
    const part = this.follows ? partOf(EMPTY_PAYLOAD) : NO_TASKS;
    this.#seq = session.submit({ spec, part, closed: false }, this);
    for (const part of this.#early.splice(0)) session.append(this.#seq, part);
  }

  #send(part: Part): void {
    if (this.#seq === undefined) this.#early.push(part);
    else this.#connection.session.append(this.#seq, part);
  }

  #waitForRoom(): void {
    if (this.#waitsForRoom) return;
    this.#waitsForRoom = true;
    this.#connection.session
      .until(() => !this.isFull || this.#isClosed)
      .then(() => {
        this.#waitsForRoom = false;
        this.#listener?.onRoom();
      })
      // Who listens hears of the session's end in other ways.
      .catch(() => undefined);
  }

  /** What cannot travel is known here only: the job has no result on the server then. */
  async #resultOf(result: unknown): Promise<Buffer> {
    if (result === undefined) return Buffer.alloc(0);
    let cbor;
    try {
      cbor = encodeValue(result);
    } catch {
      return Buffer.alloc(0);
    }
    return bufferOf(await this.#connection.blobs.payload(cbor));
  }

  async #requireId(): Promise<number> {
    if (this.#id !== undefined) return this.#id;
    return this.#accepted.promise;
  }

  /** The job cannot be gone on with from here: it is stopped, with the reason. */
  async #giveUp(error: DsageError): Promise<void> {
    if (this.#isClosed) return;
    await this.stop(error.message).catch(() => undefined);
    this.#lose(error);
  }

  #lose(thrown: unknown): void {
    const error = asDsageError(thrown);
    this.#accepted.reject(error);
    this.#listener?.onLost(error);
  }
}
