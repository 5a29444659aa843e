import type { Payload } from '../model/job.js';
import type { Answer, AnswerMeta, Outcome } from '../model/task.js';
import { ByteReader, MAX_VARINT_BYTES, varintLength, writeVarint } from './varint.js';

/**
 * The only reader and writer of the packed formats that the comment PACKED FORMATS in
 * proto/dsage/v1/types.proto defines. Everything that is read back is checked: damaged bytes throw
 * DsageError `invalid-argument` and are never read past their end.
 */

const OUTCOMES: readonly (Outcome | undefined)[] = [undefined, 'completed', 'failed', 'killed', 'returned'];
const OUTCOME_BYTES: Readonly<Record<Outcome, number>> = { completed: 1, failed: 2, killed: 3, returned: 4 };
/** Seven varints and the outcome. */
const MAX_META_BYTES = 7 * MAX_VARINT_BYTES + 1;
const INITIAL_BYTES = 4096;

/** Bytes that are appended to a buffer that grows by doubling and is used again after `take`. */
class GrowingBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  length = 0;

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  append(data: Uint8Array): void {
    this.reserve(data.length);
    this.bytes.set(data, this.length);
    this.length += data.length;
  }

  /** A copy of all bytes, of exactly their size; the buffer is empty after it. */
  take(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.length);
    taken.set(this.bytes.subarray(0, this.length));
    this.length = 0;
    return taken;
  }
}

/** Packs the payloads of tasks. One writer can be used for any number of batches. */
export class PackedTasksWriter {
  readonly #buffer = new GrowingBuffer();
  #count = 0;

  get byteLength(): number {
    return this.#buffer.length;
  }

  get count(): number {
    return this.#count;
  }

  /** Copies the payload in. */
  add(payload: Payload): void {
    const buffer = this.#buffer;
    buffer.reserve(MAX_VARINT_BYTES + payload.length);
    const start = writeVarint(buffer.bytes, buffer.length, payload.length);
    buffer.bytes.set(payload, start);
    buffer.length = start + payload.length;
    this.#count += 1;
  }

  /** The batch, as a buffer of its own. The writer is empty after it. */
  take(): Buffer {
    this.#count = 0;
    return this.#buffer.take();
  }
}

/**
 * The payloads of a batch of tasks. They are views of `bytes`, not copies: whoever keeps one longer than
 * the message copies it, or the whole message stays in memory.
 *
 * @param count how many tasks the message says there are; another number throws
 */
export function readPackedTasks(bytes: Uint8Array, count?: number): Uint8Array[] {
  const view = asUint8Array(bytes);
  const reader = new ByteReader(view, 'packed tasks');
  const payloads: Uint8Array[] = [];
  while (reader.offset < reader.end) {
    const length = reader.varint();
    const start = reader.offset;
    payloads.push(view.subarray(start, reader.skip(length)));
  }
  checkCount(reader, payloads.length, count);
  return payloads;
}

/** One answer as a packed record, its length prefix included. */
export function writeAnswerRecord(answer: Answer): Buffer {
  const body = Buffer.allocUnsafe(MAX_META_BYTES);
  const bodyLength = writeMeta(body, answer);
  const length = bodyLength + answer.payload.length;
  const record = Buffer.allocUnsafe(varintLength(length) + length);
  const start = writeVarint(record, 0, length);
  body.copy(record, start, 0, bodyLength);
  record.set(answer.payload, start + bodyLength);
  return record;
}

/** Joins answer records into a batch. One writer can be used for any number of batches. */
export class AnswerRecordsWriter {
  readonly #buffer = new GrowingBuffer();
  #count = 0;

  get byteLength(): number {
    return this.#buffer.length;
  }

  get count(): number {
    return this.#count;
  }

  /** Copies one whole record in, its length prefix included. */
  add(record: Uint8Array): void {
    this.#buffer.append(record);
    this.#count += 1;
  }

  /** The batch, as a buffer of its own. The writer is empty after it. */
  take(): Buffer {
    this.#count = 0;
    return this.#buffer.take();
  }
}

/** An answer inside a batch. `record` and `payload` are views of the batch: copy what lives longer. */
export interface AnswerRecord {
  readonly meta: AnswerMeta;
  /** The whole record, its length prefix included: what the store keeps. */
  readonly record: Uint8Array;
  readonly payload: Uint8Array;
}

/**
 * The answers of a batch, in their order.
 *
 * @param count how many answers the message says there are; another number throws
 */
export function readAnswerRecords(bytes: Uint8Array, count?: number): AnswerRecord[] {
  const view = asUint8Array(bytes);
  const reader = new ByteReader(view, 'packed answers');
  const records: AnswerRecord[] = [];
  while (reader.offset < reader.end) records.push(readRecord(view, reader));
  checkCount(reader, records.length, count);
  return records;
}

/** One answer from one whole record; its payload is a view of the record. */
export function readAnswerRecord(record: Uint8Array): Answer {
  const view = asUint8Array(record);
  const reader = new ByteReader(view, 'bytes of a packed answer');
  const { meta, payload } = readRecord(view, reader);
  if (reader.offset !== reader.end) reader.fail('more bytes follow');
  return { ...meta, payload };
}

function readRecord(view: Uint8Array, reader: ByteReader): AnswerRecord {
  const recordStart = reader.offset;
  const length = reader.varint();
  const end = reader.offset + length;
  if (end > reader.end) reader.fail('they end too early');
  const meta = readMeta(reader);
  // The meta was read within the batch; it must also lie within its own record.
  if (reader.offset > end) reader.fail('a record is longer than it says');
  const payload = view.subarray(reader.offset, end);
  reader.offset = end;
  return { meta, record: view.subarray(recordStart, end), payload };
}

function readMeta(reader: ByteReader): AnswerMeta {
  const index = reader.varint();
  const attempt = reader.varint();
  const outcome = OUTCOMES[reader.byte()] ?? reader.fail('an outcome is unknown');
  return {
    index,
    attempt,
    outcome,
    worker: reader.varint(),
    startedAtMs: reader.varint(),
    wallUs: reader.varint(),
    cpuUs: reader.varint(),
    peakMemoryKb: reader.varint(),
  };
}

/** Writes at the start of `target` and returns how many bytes it took. */
function writeMeta(target: Uint8Array, meta: AnswerMeta): number {
  let at = writeVarint(target, 0, meta.index);
  at = writeVarint(target, at, meta.attempt);
  target[at++] = OUTCOME_BYTES[meta.outcome];
  at = writeVarint(target, at, meta.worker);
  at = writeVarint(target, at, meta.startedAtMs);
  at = writeVarint(target, at, meta.wallUs);
  at = writeVarint(target, at, meta.cpuUs);
  return writeVarint(target, at, meta.peakMemoryKb);
}

function checkCount(reader: ByteReader, actual: number, expected: number | undefined): void {
  if (expected !== undefined && actual !== expected) {
    reader.fail(`${expected} items were announced and ${actual} are there`);
  }
}

/** The same memory without Buffer's prototype, whose subarray is several times slower. */
function asUint8Array(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
