import { DsageError } from '../../../model/errors.js';
import type { Attempt, JobId, JobRecord, JobState, Payload, TaskIndex } from '../../../model/job.js';
import { isFinal } from '../../../model/status.js';
import type { UserRecord } from '../../../model/user.js';
import type { WorkerNumber } from '../../../model/worker.js';
import type { Grant, OutputChunk, WorkerRecord } from '../../core/writes.js';
import type { OutputPlace, StoreNumbers, TaskEnd } from '../store.js';
import {
  after,
  blobUses,
  EVERY_RUN,
  EVERYTHING,
  expiryKey,
  type KeyRange,
  numberKey,
  pairKey,
  readNumber,
} from './keys.js';
import { readBlobUse, readPart, runKey, submissionKey, type Table, textKey, under } from './keys.js';
import type { Ledger } from './ledger.js';
import { type Entry, readValue, scanEntries, scanKeys } from './scan.js';
import type { Tables } from './tables.js';
import { decode, type JobHead, joinRecord, unpackAnswer, unpackEnd, unpackOutput } from './values.js';

/** Every read of the store. The lazy ones may be left and taken up again; they see what was committed meanwhile. */
export abstract class LmdbReads {
  protected readonly tables: Tables;
  protected readonly ledger: Ledger;

  protected constructor(tables: Tables, ledger: Ledger) {
    this.tables = tables;
    this.ledger = ledger;
  }

  numbers(): StoreNumbers {
    return this.ledger.numbers;
  }

  job(id: JobId): JobRecord | undefined {
    const head = readRecord(this.tables.jobs, numberKey(id)) as JobHead | undefined;
    const state = readRecord(this.tables.job_states, numberKey(id)) as JobState | undefined;
    return head === undefined || state === undefined ? undefined : joinRecord(head, state);
  }

  unfinishedJobs(): Iterable<JobRecord> {
    return this.#records(scanKeys(this.tables.unfinished, EVERYTHING));
  }

  jobs(options: { readonly newestFirst: boolean; readonly from?: JobId }): Iterable<JobRecord> {
    const from = options.from === undefined ? undefined : numberKey(options.from);
    const range: KeyRange = options.newestFirst
      ? { start: EVERYTHING.start, end: from === undefined ? EVERYTHING.end : after(from) }
      : { start: from ?? EVERYTHING.start, end: EVERYTHING.end };
    return this.#records(scanKeys(this.tables.jobs, range, { reverse: options.newestFirst }));
  }

  *#records(keys: Iterable<Buffer>): Generator<JobRecord> {
    for (const key of keys) {
      // A job may have been forgotten since the page of keys was read.
      const record = this.job(readNumber(key));
      if (record !== undefined) yield record;
    }
  }

  expiredJobs(nowMs: number, limit: number): readonly JobId[] {
    const due: JobId[] = [];
    const range = { start: EVERYTHING.start, end: expiryKey(nowMs + 1, 0) };
    for (const { key, value } of scanEntries(this.tables.final, range)) {
      if (due.length >= limit) break;
      const job = readNumber(key, 6);
      const state = readRecord(this.tables.job_states, numberKey(job)) as JobState | undefined;
      const ttlMs = readNumber(value);
      const applies =
        state !== undefined && isFinal(state.status) && expiryKey(state.endedAtMs + ttlMs, job).equals(key);
      if (applies) due.push(job);
      else if (state === undefined) this.ledger.noteOutdated(key);
    }
    return due;
  }

  submission(session: string, seq: number): JobId | undefined {
    const value = readValue(this.tables.submissions, submissionKey(session, seq));
    return value === undefined ? undefined : readNumber(value);
  }

  task(job: JobId, index: TaskIndex): Payload | undefined {
    return this.ledger.isForgotten(job) ? undefined : readValue(this.tables.tasks, pairKey(job, index));
  }

  tasks(job: JobId, firstIndex: TaskIndex, count: number): readonly Payload[] {
    const payloads: Payload[] = [];
    for (let index = firstIndex; index < firstIndex + count; index++) {
      const payload = this.task(job, index);
      if (payload === undefined)
        throw new DsageError('internal', `The store has no task ${index} of job ${job}.`);
      payloads.push(payload);
    }
    return payloads;
  }

  *answers(
    job: JobId,
    fromOrdinal: number,
  ): Generator<{ readonly ordinal: number; readonly record: Uint8Array }> {
    const { number: run } = this.ledger.visibleRun(job);
    for (const { key, value } of this.#recorded(this.tables.answers, job, [fromOrdinal])) {
      const ordinal = readPart(key, 0);
      const { index, record } = unpackAnswer(value);
      if (this.#stands({ job, run, index, ordinal })) yield { ordinal, record };
    }
  }

  answer(job: JobId, ordinal: number): Uint8Array | undefined {
    if (this.ledger.isForgotten(job)) return undefined;
    const { number: run } = this.ledger.visibleRun(job);
    const value = readValue(this.tables.answers, runKey(job, run, ordinal));
    if (value === undefined) return undefined;
    const { index, record } = unpackAnswer(value);
    return this.#stands({ job, run, index, ordinal }) ? record : undefined;
  }

  /** Whether an answer is still its task's: its end was not deleted. */
  #stands(answer: { job: JobId; run: number; index: TaskIndex; ordinal: number }): boolean {
    const run = this.ledger.visibleRun(answer.job);
    if (!run.hasHoles || run.number !== answer.run) return true;
    return this.end(answer.job, answer.index)?.ordinal === answer.ordinal;
  }

  end(job: JobId, index: TaskIndex): TaskEnd | undefined {
    if (this.ledger.isForgotten(job)) return undefined;
    const value = readValue(this.tables.ends, runKey(job, this.ledger.visibleRun(job).number, index));
    return value === undefined ? undefined : unpackEnd(index, value);
  }

  *ends(job: JobId, fromIndex: TaskIndex): Generator<TaskEnd> {
    for (const { key, value } of this.#recorded(this.tables.ends, job, [fromIndex])) {
      yield unpackEnd(readPart(key, 0), value);
    }
  }

  *endedIndexes(job: JobId): Generator<TaskIndex> {
    if (this.ledger.isForgotten(job)) return;
    const run = pairKey(job, this.ledger.visibleRun(job).number);
    for (const key of scanKeys(this.tables.ends, under(run))) yield readPart(key, 0);
  }

  failures(
    job: JobId,
    index: TaskIndex,
  ): readonly { readonly attempt: Attempt; readonly failure: Payload }[] {
    const failures = [];
    for (const { key, value } of this.#recorded(this.tables.failures, job, [index])) {
      if (readPart(key, 0) !== index) break;
      failures.push({ attempt: readPart(key, 1), failure: value });
    }
    return failures;
  }

  *failedAttempts(
    job: JobId,
  ): Generator<{ readonly index: TaskIndex; readonly count: number; readonly lastAttempt: Attempt }> {
    if (this.ledger.isForgotten(job)) return;
    const run = pairKey(job, this.ledger.visibleRun(job).number);
    let failed: { index: TaskIndex; count: number; lastAttempt: Attempt } | undefined;
    for (const key of scanKeys(this.tables.failures, under(run))) {
      const index = readPart(key, 0);
      if (failed !== undefined && failed.index !== index) {
        yield failed;
        failed = undefined;
      }
      failed = { index, count: (failed?.count ?? 0) + 1, lastAttempt: readPart(key, 1) };
    }
    if (failed !== undefined) yield failed;
  }

  *output(
    job: JobId,
    options: { readonly index?: TaskIndex; readonly attempt?: Attempt; readonly from?: OutputPlace },
  ): Generator<OutputChunk> {
    const start = [options.index ?? 0, options.index === undefined ? 0 : (options.attempt ?? 0)];
    const from = options.from ?? start;
    for (const { key, value } of this.#recorded(this.tables.output, job, from)) {
      const [index, attempt, chunk] = [readPart(key, 0), readPart(key, 1), readPart(key, 2)];
      if (options.index !== undefined && index !== options.index) return;
      if (options.attempt !== undefined && attempt !== options.attempt) continue;
      yield { job, index, attempt, chunk, ...unpackOutput(value) };
    }
  }

  *outputBackwards(job: JobId, { index }: { readonly index?: TaskIndex }): Generator<OutputChunk> {
    if (this.ledger.isForgotten(job)) return;
    const { number: run } = this.ledger.visibleRun(job);
    const range = under(index === undefined ? runKey(job, run) : runKey(job, run, index));
    for (const key of scanKeys(this.tables.output, range, { reverse: true })) {
      const value = readValue(this.tables.output, key);
      // It may have been swept since the page of keys was read.
      if (value === undefined) continue;
      const place = { index: readPart(key, 0), attempt: readPart(key, 1), chunk: readPart(key, 2) };
      yield { job, ...place, ...unpackOutput(value) };
    }
  }

  usesBlob(sha256: string): boolean {
    for (const key of scanKeys(this.tables.blob_uses, blobUses(sha256))) {
      const { job, run } = readBlobUse(key);
      if (this.ledger.isForgotten(job)) continue;
      if (run === EVERY_RUN || run === this.ledger.visibleRun(job).number) return true;
    }
    return false;
  }

  *grants(): Generator<Grant> {
    for (const { value } of scanEntries(this.tables.grants, EVERYTHING)) yield decode(value) as Grant;
  }

  worker(number: WorkerNumber): WorkerRecord | undefined {
    return readRecord(this.tables.workers, numberKey(number)) as WorkerRecord | undefined;
  }

  workerByInstance(instance: string): WorkerRecord | undefined {
    const number = readValue(this.tables.instances, textKey(instance));
    return number === undefined ? undefined : this.worker(readNumber(number));
  }

  users(): readonly UserRecord[] {
    return Array.from(scanEntries(this.tables.users, EVERYTHING), ({ value }) => decode(value) as UserRecord);
  }

  /** Entries of the job's run that readers look at, from those parts on. */
  *#recorded(table: Table, job: JobId, from: readonly number[]): Generator<Entry> {
    if (this.ledger.isForgotten(job)) return;
    const { number: run } = this.ledger.visibleRun(job);
    yield* scanEntries(table, { start: runKey(job, run, ...from), end: after(pairKey(job, run)) });
  }
}

function readRecord(table: Table, key: Buffer): unknown {
  const value = readValue(table, key);
  return value === undefined ? undefined : decode(value);
}
