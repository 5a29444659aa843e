import type { BlobRef } from '../../model/job.js';
import type { Answer } from '../../model/task.js';
import { readAnswerRecord, readAnswerRecords } from '../../wire/packed.js';
import type { AnswerRecord } from '../../wire/packed.js';
import { inlinePayload, readPayload } from '../../wire/payload.js';

/** Answers in the order in which they were recorded, as they come over the wire. */
export interface AnswerBatch {
  readonly firstOrdinal: number;
  readonly count: number;
  readonly packedAnswers: Uint8Array;
}

/** What one batch brought that was not known before. */
export interface NewAnswers {
  /** Task indexes, in the order in which the answers were recorded. */
  readonly indexes: readonly number[];
  /** Those whose value is in the server's blob store, and still has to be fetched. */
  readonly blobs: readonly { readonly index: number; readonly ref: BlobRef }[];
}

const NO_ANSWER = -1;
const RELEASED = -2;
const NOTHING: NewAnswers = { indexes: [], blobs: [] };

/**
 * The answers of one job. The batches stay as they came and are only indexed, since a job may have a
 * million of them: a record is read again when somebody asks for it.
 */
export class AnswerLedger {
  readonly #batches: (Uint8Array | undefined)[] = [];
  /** By batch: how many of its answers were not released. */
  readonly #unreleased: number[] = [];
  /** By task index: the number of its batch, -1 without an answer, -2 for one that was released. */
  readonly #batchOf: number[] = [];
  /** By task index: where its record starts and ends in its batch. */
  readonly #startOf: number[] = [];
  readonly #endOf: number[] = [];
  readonly #arrivals: number[] = [];
  /** By task index: the CBOR of an answer that is a blob, or undefined while it is not here. Most jobs have none. */
  #blobs: Map<number, Uint8Array | undefined> | undefined;
  #nextOrdinal = 0;
  #cpuUs = 0;
  #wallUs = 0;

  /** How many tasks have an answer. */
  get count(): number {
    return this.#arrivals.length;
  }

  /** Answers from this ordinal on may be missing: what a watch asks for after a reconnect. */
  get nextOrdinal(): number {
    return this.#nextOrdinal;
  }

  /** CPU time of all answered tasks, microseconds. */
  get cpuUs(): number {
    return this.#cpuUs;
  }

  /** Wall time of all answered tasks, microseconds. */
  get wallUs(): number {
    return this.#wallUs;
  }

  /**
   * Takes a batch in. A task that has its answer keeps it, so a batch that comes again changes nothing.
   * After a rerun ordinals have gaps; a gap only means that the next watch asks for more than it had to.
   */
  add(batch: AnswerBatch): NewAnswers {
    const end = batch.firstOrdinal + batch.count;
    const inOrder = batch.firstOrdinal <= this.#nextOrdinal;
    if (inOrder) this.#nextOrdinal = Math.max(this.#nextOrdinal, end);
    const indexes: number[] = [];
    const blobs: { index: number; ref: BlobRef }[] = [];
    for (const record of readAnswerRecords(batch.packedAnswers, batch.count)) {
      const { index } = record.meta;
      if (this.has(index)) continue;
      if (indexes.length === 0) {
        this.#batches.push(batch.packedAnswers);
        this.#unreleased.push(0);
      }
      this.#keep(record, batch.packedAnswers);
      indexes.push(index);
      const content = readPayload(record.payload);
      if (content.type !== 'blob') continue;
      blobs.push({ index, ref: content.ref });
      (this.#blobs ??= new Map()).set(index, undefined);
    }
    return indexes.length === 0 ? NOTHING : { indexes, blobs };
  }

  has(index: number): boolean {
    return (this.#batchOf[index] ?? NO_ANSWER) !== NO_ANSWER;
  }

  /** The answer of a task; the payload is inline once `fetched` was called for it. */
  answer(index: number): Answer | undefined {
    const batch = this.#batches[this.#batchOf[index] ?? -1];
    if (batch === undefined) return undefined;
    const answer = readAnswerRecord(batch.subarray(this.#startOf[index], this.#endOf[index]));
    const fetched = this.#blobs?.get(index);
    return fetched === undefined ? answer : { ...answer, payload: inlinePayload(fetched) };
  }

  /** The task whose answer came as number `place`, from 0. */
  arrival(place: number): number | undefined {
    return this.#arrivals[place];
  }

  /** Whether the value of an answer is in the blob store, and was not fetched yet. */
  isMissing(index: number): boolean {
    return this.#blobs !== undefined && this.#blobs.has(index) && this.#blobs.get(index) === undefined;
  }

  /** Keeps the CBOR of an answer that was in the blob store. */
  fetched(index: number, cbor: Uint8Array): void {
    if (this.isMissing(index)) this.#blobs?.set(index, cbor);
  }

  /** Forgets what the answer was, and keeps that there was one. A batch goes with its last answer. */
  release(index: number): void {
    const batch = this.#batchOf[index] ?? NO_ANSWER;
    if (batch < 0) return;
    this.#batchOf[index] = RELEASED;
    this.#blobs?.delete(index);
    const left = (this.#unreleased[batch] ?? 0) - 1;
    this.#unreleased[batch] = left;
    if (left === 0) this.#batches[batch] = undefined;
  }

  /** Forgets everything, and expects answers from ordinal 0: what a rerun asks for. */
  clear(): void {
    this.#batches.length = 0;
    for (const list of [this.#unreleased, this.#batchOf, this.#startOf, this.#endOf, this.#arrivals]) {
      list.length = 0;
    }
    this.#blobs = undefined;
    this.#nextOrdinal = 0;
    this.#cpuUs = 0;
    this.#wallUs = 0;
  }

  #keep({ meta, record }: AnswerRecord, batch: Uint8Array): void {
    // Filling up keeps the arrays dense: an index far beyond their end would turn them into dictionaries.
    while (this.#batchOf.length <= meta.index) {
      this.#batchOf.push(NO_ANSWER);
      this.#startOf.push(0);
      this.#endOf.push(0);
    }
    const start = record.byteOffset - batch.byteOffset;
    const last = this.#batches.length - 1;
    this.#batchOf[meta.index] = last;
    this.#unreleased[last] = (this.#unreleased[last] ?? 0) + 1;
    this.#startOf[meta.index] = start;
    this.#endOf[meta.index] = start + record.byteLength;
    this.#arrivals.push(meta.index);
    this.#cpuUs += meta.cpuUs;
    this.#wallUs += meta.wallUs;
  }
}
