/**
 * Turns the writes of one commit into puts and removes. Whatever can fail (a number out of range, a value that
 * cannot be encoded) fails here, before the transaction begins: it is then kept whole, or not at all.
 */
import { DsageError, messageOf } from '../../../model/errors.js';
import type { JobId, JobRecord, JobState, Payload } from '../../../model/job.js';
import { isFinal } from '../../../model/status.js';
import type { OutputChunk, PutAnswer, Write } from '../../core/writes.js';
import { blobNamedBy } from '../../../wire/payload.js';
import { blobUseKey, EVERY_RUN, expiryKey, jobBlobKey, numberKey, pairKey } from './keys.js';
import { runKey, submissionKey, type Table, textKey } from './keys.js';
import { type Changes, type Ledger, NUMBER_NAMES } from './ledger.js';
import type { Tables } from './tables.js';
import {
  encode,
  encodeHead,
  type JobHead,
  packAnswer,
  packEnd,
  packOutput,
  packRun,
  type Run,
} from './values.js';

/** One put, or a remove where there is no value. */
export interface Operation {
  readonly table: Table;
  readonly key: Buffer;
  readonly value: Uint8Array | undefined;
}

const NOTHING = Buffer.alloc(0);

export class Draft implements Changes {
  readonly operations: Operation[] = [];
  readonly numbers = { lastJob: 0, lastGrant: 0, lastWorker: 0 };
  readonly heads = new Map<JobId, JobHead>();
  readonly runs = new Map<JobId, Run | undefined>();
  readonly forgotten = new Set<JobId>();
  /** What the commit leaves of jobs' states: a new job's is often changed again at once, and only the last one counts. */
  readonly #states = new Map<JobId, JobState>();
  readonly #tables: Tables;
  readonly #ledger: Ledger;

  constructor(tables: Tables, ledger: Ledger, writes: readonly Write[]) {
    this.#tables = tables;
    this.#ledger = ledger;
    this.#addAll(writes);
    for (const name of NUMBER_NAMES) {
      if (this.numbers[name] > ledger.numbers[name]) {
        this.#put(tables.meta, textKey(name), Buffer.from(String(this.numbers[name])));
      }
    }
  }

  #addAll(writes: readonly Write[]): void {
    let type: Write['type'] = 'put-job-state';
    try {
      for (const write of writes) {
        type = write.type;
        this.#add(write);
      }
      type = 'put-job-state';
      for (const [job, state] of this.#states) this.#putState(job, state);
    } catch (thrown) {
      throw new DsageError('internal', `The store cannot keep a ${type}: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    }
  }

  #add(write: Write): void {
    const tables = this.#tables;
    switch (write.type) {
      case 'put-tasks':
        for (const [i, payload] of write.payloads.entries()) {
          this.#put(tables.tasks, pairKey(write.job, write.firstIndex + i), payload);
          this.#noteBlob(write.job, EVERY_RUN, payload);
        }
        break;
      case 'put-answer':
        this.#putAnswer(write);
        break;
      case 'put-job-state':
        this.#states.set(write.job, write.state);
        break;
      case 'put-job':
        this.#putJob(write.record);
        break;
      case 'delete-end':
        this.#deleteEnd(write.job, write.index);
        break;
      case 'clear-job':
        this.#clearJob(write.job);
        break;
      case 'forget-job':
        this.#forgetJob(write.job);
        break;
      case 'put-failure': {
        const run = this.#run(write.job).number;
        this.#put(tables.failures, runKey(write.job, run, write.index, write.attempt), write.failure);
        this.#noteBlob(write.job, run, write.failure);
        break;
      }
      case 'put-output':
        this.#putOutput(write.chunks);
        break;
      case 'put-grant':
        this.#count('lastGrant', write.grant.id);
        this.#put(tables.grants, numberKey(write.grant.id), encode(write.grant));
        break;
      case 'delete-grant':
        this.#remove(tables.grants, numberKey(write.id));
        break;
      case 'put-worker':
        this.#count('lastWorker', write.worker.number);
        this.#put(tables.instances, textKey(write.worker.instance), numberKey(write.worker.number));
        this.#put(tables.workers, numberKey(write.worker.number), encode(write.worker));
        break;
      case 'put-user':
        this.#put(tables.users, textKey(write.user.name), encode(write.user));
        break;
      case 'delete-user':
        this.#remove(tables.users, textKey(write.name));
        break;
    }
  }

  #putAnswer(write: PutAnswer): void {
    const run = this.#run(write.job).number;
    this.#put(this.#tables.answers, runKey(write.job, run, write.ordinal), packAnswer(write));
    this.#put(this.#tables.ends, runKey(write.job, run, write.index), packEnd(write));
    if (write.blob !== undefined) this.#noteBlob(write.job, run, write.blob);
  }

  #putJob(record: JobRecord): void {
    const { id, session, seq, state, spec } = record;
    const key = numberKey(id);
    this.#count('lastJob', id);
    this.heads.set(id, record);
    this.#put(this.#tables.jobs, key, encodeHead(record));
    this.#put(this.#tables.submissions, submissionKey(session, seq), key);
    this.#states.set(id, state);
    this.#noteBlob(id, EVERY_RUN, spec.program);
    for (const { blob } of spec.attachments) this.#noteUse(id, EVERY_RUN, blob.sha256);
    if (spec.bundle !== undefined) this.#noteUse(id, EVERY_RUN, spec.bundle.sha256);
  }

  /** Costs a payload that is no blob the look at its first byte. */
  #noteBlob(job: JobId, run: number, payload: Payload): void {
    const sha256 = blobNamedBy(payload);
    if (sha256 !== undefined) this.#noteUse(job, run, sha256);
  }

  #noteUse(job: JobId, run: number, sha256: string): void {
    const key = jobBlobKey(job, run, sha256);
    this.#put(this.#tables.job_blobs, key, NOTHING);
    this.#put(this.#tables.blob_uses, blobUseKey(key), NOTHING);
  }

  #putState(job: JobId, state: JobState): void {
    const key = numberKey(job);
    this.#put(this.#tables.job_states, key, encode(state));
    if (!isFinal(state.status)) {
      this.#put(this.#tables.unfinished, key, NOTHING);
      return;
    }
    this.#remove(this.#tables.unfinished, key);
    if (state.result !== undefined) this.#noteBlob(job, EVERY_RUN, state.result);
    const ttlMs = (this.heads.get(job) ?? this.#ledger.head(job))?.spec.ttlMs ?? 0;
    if (ttlMs > 0) this.#put(this.#tables.final, expiryKey(state.endedAtMs + ttlMs, job), numberKey(ttlMs));
  }

  /** The answer stays until the job is cleared or forgotten: to find it, the end would have to be read. */
  #deleteEnd(job: JobId, index: number): void {
    const run = this.#run(job);
    this.#remove(this.#tables.ends, runKey(job, run.number, index));
    if (!run.hasHoles) this.#setRun(job, { number: run.number, hasHoles: true });
  }

  /** What was recorded is left to the sweep; what comes is recorded in a new run, where nothing is yet. */
  #clearJob(job: JobId): void {
    const { number } = this.#run(job);
    this.#put(this.#tables.garbage, pairKey(job, number), NOTHING);
    this.#setRun(job, { number: number + 1, hasHoles: false });
  }

  #forgetJob(job: JobId): void {
    const tables = this.#tables;
    const key = numberKey(job);
    const head = this.heads.get(job) ?? this.#ledger.head(job);
    if (head !== undefined) this.#remove(tables.submissions, submissionKey(head.session, head.seq));
    for (const table of [tables.jobs, tables.job_states, tables.unfinished, tables.runs])
      this.#remove(table, key);
    this.#put(tables.garbage, key, NOTHING);
    this.heads.delete(job);
    this.#states.delete(job);
    this.runs.set(job, undefined);
    this.forgotten.add(job);
  }

  #putOutput(chunks: readonly OutputChunk[]): void {
    for (const chunk of chunks) {
      const run = this.#run(chunk.job).number;
      const key = runKey(chunk.job, run, chunk.index, chunk.attempt, chunk.chunk);
      this.#put(this.#tables.output, key, packOutput(chunk));
    }
  }

  #run(job: JobId): Run {
    return this.runs.get(job) ?? this.#ledger.run(job);
  }

  #setRun(job: JobId, run: Run): void {
    this.runs.set(job, run);
    this.#put(this.#tables.runs, numberKey(job), packRun(run));
  }

  #count(name: (typeof NUMBER_NAMES)[number], number: number): void {
    this.numbers[name] = Math.max(this.numbers[name], number);
  }

  #put(table: Table, key: Buffer, value: Uint8Array): void {
    // lmdb would throw in the middle of the transaction.
    if (!(value instanceof Uint8Array)) throw new TypeError('its value is no bytes');
    this.operations.push({ table, key, value });
  }

  #remove(table: Table, key: Buffer): void {
    this.operations.push({ table, key, value: undefined });
  }
}
