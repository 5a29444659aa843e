import { StringDecoder } from 'node:string_decoder';

import { DsageError, messageOf, TimeoutError } from '../model/errors.js';
import type { BlobRef, TaskCounts } from '../model/job.js';
import { isFinal } from '../model/status.js';
import type { JobStatus } from '../model/status.js';
import type { Failure } from '../model/task.js';
import type { JobAnswers, JobChanged } from '../wire/gen/dsage/v1/client.js';
import { statusFromMessage } from '../wire/convert.js';
import { Status } from '../wire/gen/dsage/v1/types.js';
import type { Blobs } from './blobs.js';
import { AnswerLedger } from './core/answers.js';
import { readFailure } from './failure.js';
import { News } from '../jobs/news.js';
import type { WaitOptions } from '../jobs/news.js';
import { readOutput } from './output.js';
import { valueIn } from './payload-value.js';
import type { Rpc } from './rpc.js';
import type { JobListener, Session } from './session.js';

/** What handles work with. */
export interface Connection {
  readonly session: Session;
  readonly rpc: Rpc;
  readonly blobs: Blobs;
}

export interface TrackedJobOptions {
  readonly name: string;
  readonly kind: string;
  /** One task, whose output and failures are loaded with its answer. */
  readonly isSingle: boolean;
  /** Its coordinator says what it gave: the answers stay on the server. */
  readonly statusOnly?: boolean;
}

const NOTHING_TO_LOAD = Promise.resolve();
const NO_COUNTS: TaskCounts = { waiting: 0, processing: 0, completed: 0, failed: 0, killed: 0 };

/** All that this process knows of one job, kept up to date by the session. Handles are views of it. */
export class TrackedJob implements JobListener {
  readonly connection: Connection;
  readonly ledger = new AnswerLedger();
  readonly name: string;
  readonly kind: string;
  readonly isSingle: boolean;
  readonly statusOnly: boolean;
  id: number | undefined;
  /** The job's number in this session, when it was submitted here. */
  seq: number | undefined;
  status: JobStatus = 'waiting';
  counts: TaskCounts = NO_COUNTS;
  reason = '';
  startedAtMs = 0;
  endedAtMs = 0;
  /** The job itself could not be submitted, followed or loaded. */
  problem: DsageError | undefined;
  /** The job has ended and all of it that this process keeps has been loaded. */
  isSettled = false;
  /** What the only task wrote, once it has ended. */
  output = '';
  /** What the coordinator of a job of a class said that it gave, once it is completed. */
  coordinatorResult: unknown;
  /** Failures of the only task, oldest first, when it needed more than one attempt and failed. */
  failures: readonly Failure[] = [];
  /** Called when the server takes no more tasks of a job that it has. */
  onTasksRefused: ((error: DsageError) => void) | undefined;
  /** Raised by every rerun; unknown for a job that was not submitted here, until its first news. */
  #generation: number | undefined;
  #isWatched = false;
  #hasEnded = false;
  #loading = 0;
  #loads: Promise<void> = NOTHING_TO_LOAD;
  /** Counts reruns, so that what was loading before one is dropped. */
  #epoch = 0;
  readonly #news = new News();

  constructor(connection: Connection, { name, kind, isSingle, statusOnly = false }: TrackedJobOptions) {
    this.connection = connection;
    this.name = name;
    this.kind = kind;
    this.isSingle = isSingle;
    this.statusOnly = statusOnly;
  }

  /** `Job 12`, or what can be said before it has a number. */
  get label(): string {
    const name = this.name === '' ? '' : ` (${this.name})`;
    return this.id === undefined ? `The job${name}` : `Job ${this.id}${name}`;
  }

  /** The server has told how the job stands, and what it left is here when it has ended. */
  get isCurrent(): boolean {
    return this.#generation !== undefined && (this.isSettled || !this.#hasEnded);
  }

  /** Seconds from the first start to the end, or to now. */
  get wallSeconds(): number {
    const { startedAtMs, endedAtMs } = this;
    if (startedAtMs === 0) return 0;
    return Math.max(0, (endedAtMs === 0 ? Date.now() : endedAtMs) - startedAtMs) / 1000;
  }

  get nextOrdinal(): number {
    return this.ledger.nextOrdinal;
  }

  onAccepted(job: number): void {
    this.id = job;
    this.#generation = 0;
    this.#isWatched = true;
    this.#notify();
  }

  onRefused(error: DsageError): void {
    if (this.id === undefined) this.fail(error);
    // A job that has ended takes no more tasks; its status says why.
    else if (error.code !== 'failed-precondition') this.onTasksRefused?.(error);
  }

  onLost(error: DsageError): void {
    this.problem ??= error;
    this.#isWatched = false;
    this.#notify();
  }

  onAnswers(batch: JobAnswers): void {
    // They come when another handle of this connection wants them.
    if (this.statusOnly) return;
    const { indexes, blobs } = this.ledger.add(batch);
    for (const { index, ref } of blobs) this.#load(() => this.#fetchAnswer(index, ref));
    if (indexes.length > 0) this.#notify();
  }

  onChanged(changed: JobChanged): void {
    if (changed.status === Status.UNSPECIFIED) {
      this.fail(
        new DsageError('not-found', `${this.label} is not on the server any more: it was forgotten.`),
      );
      return;
    }
    if (changed.generation < (this.#generation ?? 0)) return;
    const isNewRun = changed.generation > (this.#generation ?? changed.generation);
    this.#generation = changed.generation;
    if (isNewRun) {
      this.#startOver();
      // The answers of a run that has ended already came before this and were taken for the old run's: they
      // come again with the watch from the start, and the end after them.
      if (isFinal(statusFromMessage(changed.status))) return;
    }
    this.status = statusFromMessage(changed.status);
    this.counts = changed.counts ?? this.counts;
    this.reason = changed.reason;
    this.startedAtMs = changed.startedAtMs;
    this.endedAtMs = changed.endedAtMs;
    if (isFinal(this.status) && !this.#hasEnded) this.#finish(changed);
    this.#notify();
  }

  /** Ends the handle with a problem of this side: nothing more will come. */
  fail(error: DsageError): void {
    this.problem = error;
    this.status = 'failed';
    this.isSettled = true;
    if (this.id !== undefined) this.connection.session.finished(this, this.id, this.seq);
    this.#notify();
  }

  /** Follows a job that this process has not been following, or no longer. */
  ensureWatched(): void {
    if (this.id === undefined || this.isSettled || this.#isWatched || this.problem !== undefined) return;
    this.#isWatched = true;
    this.connection.session.watch(this.id, this);
  }

  /** The job runs again: what was known of its end no longer counts. */
  restart(): void {
    this.#clear();
    if (this.#generation !== undefined) this.#generation += 1;
    this.status = 'waiting';
    this.counts = NO_COUNTS;
    this.#isWatched = false;
    this.#notify();
    this.ensureWatched();
  }

  /** Whether the value of this task's answer is here. */
  isLoaded(index: number): boolean {
    return this.ledger.has(index) && !this.ledger.isMissing(index);
  }

  subscribe(listener: () => void): () => void {
    return this.#news.subscribe(listener);
  }

  /**
   * Resolves once `condition` holds; it is asked again with all news of this job. Rejects with the problem
   * when the job cannot be followed any more, with TimeoutError, or with the signal's reason.
   */
  until(condition: () => boolean, options: WaitOptions = {}): Promise<void> {
    const ends = { problem: () => this.problem, timeout: (ms: number) => this.#timeout(ms) };
    return this.#news.until(condition, ends, options);
  }

  #finish({ hasOutput, result }: JobChanged): void {
    this.#hasEnded = true;
    this.#isWatched = false;
    if (this.id !== undefined) this.connection.session.finished(this, this.id, this.seq);
    if (this.isSingle && hasOutput) this.#load(() => this.#fetchOutput());
    const answer = this.isSingle ? this.ledger.answer(0) : undefined;
    if (answer?.outcome === 'failed' && answer.attempt > 1) this.#load(() => this.#fetchFailures());
    if (this.statusOnly && result.length > 0) this.#load(() => this.#fetchResult(result));
    this.isSettled = this.#loading === 0;
  }

  /** Somebody else has the job run again: the answers that still count come again with a watch from the start. */
  #startOver(): void {
    this.#clear();
    if (this.id !== undefined) this.connection.session.watch(this.id, this);
  }

  #clear(): void {
    this.#epoch += 1;
    this.ledger.clear();
    this.#hasEnded = false;
    this.isSettled = false;
    this.#loading = 0;
    this.output = '';
    this.failures = [];
    this.coordinatorResult = undefined;
    this.problem = undefined;
  }

  /** One after the other, so that a job of many large answers does not ask for all of them at once. */
  #load(fetch: () => Promise<void>): void {
    const epoch = this.#epoch;
    this.#loading += 1;
    this.#loads = this.#loads.then(async () => {
      if (epoch !== this.#epoch) return;
      try {
        await fetch();
      } catch (error) {
        if (epoch === this.#epoch) this.#loadFailed(error);
      }
      if (epoch !== this.#epoch) return;
      this.#loading -= 1;
      if (this.#hasEnded && this.#loading === 0) this.isSettled = true;
      this.#notify();
    });
  }

  #loadFailed(error: unknown): void {
    this.problem ??= new DsageError(
      error instanceof DsageError ? error.code : 'internal',
      `${this.label} has ended, and what it left could not be fetched: ${messageOf(error)}`,
      { cause: error },
    );
  }

  async #fetchAnswer(index: number, ref: BlobRef): Promise<void> {
    this.ledger.fetched(index, await this.connection.blobs.get(ref));
  }

  async #fetchResult(payload: Uint8Array): Promise<void> {
    this.coordinatorResult = await valueIn(this.connection, payload);
  }

  async #fetchOutput(): Promise<void> {
    const decoder = new StringDecoder();
    let text = '';
    for await (const { data } of readOutput(this.connection, { job: this.id ?? 0 })) {
      text += decoder.write(data);
    }
    this.output = text + decoder.end();
  }

  async #fetchFailures(): Promise<void> {
    const { failures } = await this.connection.rpc.call('getTask', { job: this.id ?? 0, index: 0 });
    this.failures = failures.map(readFailure);
  }

  #timeout(timeoutMs: number): TimeoutError {
    const where = this.connection.session.isConnected
      ? ''
      : ' and this client is not connected to the server';
    return new TimeoutError(
      `${this.label} had not ended after ${timeoutMs} ms: its status is ${this.status}${where}.`,
      { hint: 'It goes on; wait again, or ask explain() why.' },
    );
  }

  #notify(): void {
    this.#news.tell();
  }
}
