/** What stands behind the keys: CBOR for records that people look at, packed bytes for what is hot. */
import { Encoder } from 'cbor-x';

import type { JobRecord, JobState, TaskIndex } from '../../../model/job.js';
import type { FinalStatus } from '../../../model/status.js';
import type { OutputChunk, PutAnswer } from '../../core/writes.js';
import type { TaskEnd } from '../store.js';
import { asBuffer } from './keys.js';

/** A job without its state, which is written with every change. */
export type JobHead = Omit<JobRecord, 'state'>;

/** Which run of a job is current, and whether ends were taken back in it. */
export interface Run {
  readonly number: number;
  /** Some answers of this run belong to ends that were deleted: each must be checked against its end. */
  readonly hasHoles: boolean;
}

export const FIRST_RUN: Run = { number: 0, hasHoles: false };

// Plain maps and byte strings: other tools can read the database, and a new field breaks nothing.
const cbor = new Encoder({ useRecords: false, tagUint8Array: false, mapsAsObjects: true });

export function encode(record: object): Uint8Array {
  return cbor.encode(record);
}

/** Our own records only: what was encoded is what comes back. */
export function decode(bytes: Uint8Array): unknown {
  return cbor.decode(bytes);
}

export function encodeHead(record: JobRecord): Uint8Array {
  const { id, owner, session, seq, spec } = record;
  return encode({ id, owner, session, seq, spec } satisfies JobHead);
}

export function joinRecord(head: JobHead, state: JobState): JobRecord {
  return { id: head.id, owner: head.owner, session: head.session, seq: head.seq, spec: head.spec, state };
}

const END_BYTES = 15;
const END_STATUSES: readonly FinalStatus[] = ['completed', 'failed', 'killed'];

/** Status (1 byte), ordinal (6), worker (4), attempt (4). The index is in the key. */
export function packEnd(answer: PutAnswer): Buffer {
  const bytes = Buffer.allocUnsafe(END_BYTES);
  bytes[0] = END_STATUSES.indexOf(answer.status);
  bytes.writeUIntBE(answer.ordinal, 1, 6);
  bytes.writeUInt32BE(answer.worker, 7);
  bytes.writeUInt32BE(answer.attempt, 11);
  return bytes;
}

export function unpackEnd(index: TaskIndex, value: Uint8Array): TaskEnd {
  const bytes = asBuffer(value);
  return {
    index,
    status: END_STATUSES[bytes[0] ?? 0] ?? 'failed',
    ordinal: bytes.readUIntBE(1, 6),
    worker: bytes.readUInt32BE(7),
    attempt: bytes.readUInt32BE(11),
  };
}

const ANSWER_HEADER_BYTES = 4;

/** The task's index (4 bytes), then the record: with the index, an answer can be checked against its end. */
export function packAnswer(answer: PutAnswer): Buffer {
  const bytes = Buffer.allocUnsafe(ANSWER_HEADER_BYTES + answer.record.length);
  bytes.writeUInt32BE(answer.index, 0);
  bytes.set(answer.record, ANSWER_HEADER_BYTES);
  return bytes;
}

export function unpackAnswer(value: Uint8Array): { readonly index: TaskIndex; readonly record: Uint8Array } {
  return { index: asBuffer(value).readUInt32BE(0), record: value.subarray(ANSWER_HEADER_BYTES) };
}

/** One byte that says whether it is stderr, then the data. */
export function packOutput(chunk: OutputChunk): Buffer {
  const bytes = Buffer.allocUnsafe(1 + chunk.data.length);
  bytes[0] = chunk.stderr ? 1 : 0;
  bytes.set(chunk.data, 1);
  return bytes;
}

export function unpackOutput(value: Uint8Array): { readonly stderr: boolean; readonly data: Uint8Array } {
  return { stderr: value[0] === 1, data: value.subarray(1) };
}

/** The run's number (4 bytes), then 1 if it has holes. */
export function packRun(run: Run): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes.writeUInt32BE(run.number, 0);
  bytes[4] = run.hasHoles ? 1 : 0;
  return bytes;
}

export function unpackRun(value: Uint8Array): Run {
  return { number: asBuffer(value).readUInt32BE(0), hasHoles: value[4] === 1 };
}
