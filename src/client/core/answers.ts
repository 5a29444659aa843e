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

const NOTHING: NewAnswers = { indexes: [], blobs: [] };

/**
 * The answers of one job. The batches stay as they came and are only indexed, since a job may have a
 * million of them: a record is read again when somebody asks for it.
 */
export class AnswerLedger {
  readonly #batches: Uint8Array[] = [];
  /** By task index: the number of its batch, or -1; then where its record starts and ends in there. */
  readonly #batchOf: number[] = [];
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
      if (indexes.length === 0) this.#batches.push(batch.packedAnswers);
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
    return (this.#batchOf[index] ?? -1) >= 0;
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

  /** Forgets everything, and expects answers from ordinal 0: what a rerun asks for. */
  clear(): void {
    for (const list of [this.#batches, this.#batchOf, this.#startOf, this.#endOf, this.#arrivals]) {
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
      this.#batchOf.push(-1);
      this.#startOf.push(0);
      this.#endOf.push(0);
    }
    const start = record.byteOffset - batch.byteOffset;
    this.#batchOf[meta.index] = this.#batches.length - 1;
    this.#startOf[meta.index] = start;
    this.#endOf[meta.index] = start + record.byteLength;
    this.#arrivals.push(meta.index);
    this.#cpuUs += meta.cpuUs;
    this.#wallUs += meta.wallUs;
  }
}
