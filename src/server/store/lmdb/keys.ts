/**
 * Keys are integers of fixed width, big-endian, so that they sort as their numbers do: a job is 6 bytes, the
 * number of one of its runs, a task's index, an attempt and a chunk are 4 each. Numbers that grow are put at
 * the end of the B-tree, which is ten times as fast as putting at random places.
 */
import type { Database, RootDatabase } from 'lmdb';

import { DsageError } from '../../../model/errors.js';

export type Table = Database<Uint8Array, Buffer>;
export type RootTable = RootDatabase<Uint8Array, Buffer>;

/** Which keys a scan walks: from `start` (inclusive) up to `end` (exclusive). */
export interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

/** Bytes of a job's number in a key. */
const NUMBER_BYTES = 6;
const PART_BYTES = 4;
const PREFIX_BYTES = NUMBER_BYTES + PART_BYTES;
const HASH_BYTES = 32;
const MAX_NUMBER = 2 ** 48 - 1;
const MAX_PART = 2 ** 32 - 1;
/** LMDB takes keys of up to 1978 bytes. */
const MAX_TEXT_BYTES = 1024;

/** A job, grant or worker: 6 bytes. */
export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(NUMBER_BYTES);
  writeNumber(key, number, 0);
  return key;
}

/** A task, or one run of a job: 10 bytes. */
export function pairKey(job: number, part: number): Buffer {
  const key = Buffer.allocUnsafe(PREFIX_BYTES);
  writeNumber(key, job, 0);
  writePart(key, part, NUMBER_BYTES);
  return key;
}

/** What was recorded of a task in one run of a job: 14 bytes, and 4 more for each further part. */
export function runKey(job: number, run: number, ...parts: readonly number[]): Buffer {
  const key = Buffer.allocUnsafe(PREFIX_BYTES + parts.length * PART_BYTES);
  writeNumber(key, job, 0);
  writePart(key, run, NUMBER_BYTES);
  for (let i = 0; i < parts.length; i++) writePart(key, parts[i] ?? 0, PREFIX_BYTES + i * PART_BYTES);
  return key;
}

/** Finished jobs by the time when they may go: 12 bytes. */
export function expiryKey(expiresAtMs: number, job: number): Buffer {
  const key = Buffer.allocUnsafe(2 * NUMBER_BYTES);
  writeNumber(key, Math.min(expiresAtMs, MAX_NUMBER), 0);
  writeNumber(key, job, NUMBER_BYTES);
  return key;
}

/** In place of a run's number: what belongs to the job itself, and stays when the job is cleared. */
export const EVERY_RUN = MAX_PART;

/** A blob that one run of a job uses: 42 bytes. */
export function jobBlobKey(job: number, run: number, sha256: string): Buffer {
  return Buffer.concat([pairKey(job, run), blobKey(sha256)]);
}

/** The twin of a key that `jobBlobKey` made, which is found by the blob. */
export function blobUseKey(jobBlob: Buffer): Buffer {
  return Buffer.concat([jobBlob.subarray(PREFIX_BYTES), jobBlob.subarray(0, PREFIX_BYTES)]);
}

/** All uses of a blob. `under` would find no key behind a hash of nothing but ones. */
export function blobUses(sha256: string): KeyRange {
  const start = blobKey(sha256);
  return { start, end: Buffer.concat([start, Buffer.alloc(PREFIX_BYTES + 1, 255)]) };
}

/** A hash as 32 bytes. */
function blobKey(sha256: string): Buffer {
  const key = Buffer.from(sha256, 'hex');
  if (key.length === HASH_BYTES && sha256.length === 2 * HASH_BYTES) return key;
  throw new DsageError('internal', `"${sha256}" names no blob.`);
}

/** Which job and run a key of `blob_uses` speaks of. */
export function readBlobUse(key: Uint8Array): { readonly job: number; readonly run: number } {
  const bytes = asBuffer(key);
  return { job: readNumber(bytes, HASH_BYTES), run: bytes.readUInt32BE(HASH_BYTES + NUMBER_BYTES) };
}

/** A client's session (any text) and its count of submissions. */
export function submissionKey(session: string, seq: number): Buffer {
  const text = textKey(session);
  const key = Buffer.allocUnsafe(text.length + 1 + NUMBER_BYTES);
  key.set(text);
  key[text.length] = 0;
  writeNumber(key, seq, text.length + 1);
  return key;
}

export function readNumber(key: Uint8Array, at = 0): number {
  return asBuffer(key).readUIntBE(at, NUMBER_BYTES);
}

/** The nth part behind job and run, from 0. */
export function readPart(key: Uint8Array, n: number): number {
  return asBuffer(key).readUInt32BE(PREFIX_BYTES + n * PART_BYTES);
}

/** A name: its bytes. */
export function textKey(text: string): Buffer {
  const key = Buffer.from(text);
  if (key.length > 0 && key.length <= MAX_TEXT_BYTES) return key;
  throw new DsageError('internal', `A name of ${key.length} bytes is no key: 1 to ${MAX_TEXT_BYTES} are.`);
}

/** Garbage is a whole job, or (with a longer key) one run of it. */
export function isWholeJob(key: Uint8Array): boolean {
  return key.length === NUMBER_BYTES;
}

/** Every key of a table whose keys begin with a number. */
export const EVERYTHING: KeyRange = { start: Buffer.alloc(1, 0), end: Buffer.alloc(1, 255) };

/** All keys that begin with `prefix`. */
export function under(prefix: Buffer): KeyRange {
  return { start: prefix, end: after(prefix) };
}

/** The first key behind all those that begin with `prefix`. */
export function after(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = end[i] ?? 0;
    if (byte < 255) {
      end[i] = byte + 1;
      return end.subarray(0, i + 1);
    }
  }
  throw new DsageError('internal', `No key sorts behind ${prefix.toString('hex')}.`);
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeNumber(key: Buffer, value: number, at: number): void {
  assertInteger(value, MAX_NUMBER);
  key.writeUIntBE(value, at, NUMBER_BYTES);
}

function writePart(key: Buffer, value: number, at: number): void {
  assertInteger(value, MAX_PART);
  key.writeUInt32BE(value, at);
}

/** Node writes NaN as 0 and cuts fractions off: a key must not lie. */
function assertInteger(value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new DsageError('internal', `${value} is no key: integers from 0 to ${max} are.`);
}
