import { DsageError } from '../model/errors.js';
import type { BlobRef, Payload } from '../model/job.js';
import { BLOB_TAG } from '../model/protocol.js';
import { ByteReader, MAX_VARINT_BYTES, writeVarint } from './varint.js';

/** The tag bytes of a payload: see PACKED FORMATS in proto/dsage/v1/types.proto. */
const INLINE = 0x00;
const SHA256_BYTES = 32;

/** The payload that stands for `undefined`. */
export const EMPTY_PAYLOAD: Payload = new Uint8Array(0);

export type PayloadContent =
  | { readonly type: 'none' }
  /** A view of the payload, not a copy. */
  | { readonly type: 'inline'; readonly bytes: Uint8Array }
  | { readonly type: 'blob'; readonly ref: BlobRef };

/** A payload that carries its CBOR itself. */
export function inlinePayload(cbor: Uint8Array): Buffer {
  const payload = Buffer.allocUnsafe(cbor.length + 1);
  payload[0] = INLINE;
  payload.set(cbor, 1);
  return payload;
}

/** A payload whose bytes are in the blob store. */
export function blobPayload(ref: BlobRef): Buffer {
  const hash = Buffer.from(ref.sha256, 'hex');
  if (hash.length !== SHA256_BYTES || ref.sha256.length !== 2 * SHA256_BYTES) {
    throw new DsageError(
      'invalid-argument',
      `A blob is named by 64 hexadecimal digits, not by '${ref.sha256}'.`,
    );
  }
  const payload = Buffer.allocUnsafe(1 + SHA256_BYTES + MAX_VARINT_BYTES);
  payload[0] = BLOB_TAG;
  payload.set(hash, 1);
  const end = writeVarint(payload, 1 + SHA256_BYTES, ref.sizeBytes);
  return payload.subarray(0, end);
}

/** What a payload holds. Throws `invalid-argument` when it is damaged. */
export function readPayload(payload: Payload): PayloadContent {
  const tag = payload[0];
  if (tag === undefined) return { type: 'none' };
  if (tag === INLINE) return { type: 'inline', bytes: payload.subarray(1) };
  if (tag === BLOB_TAG) return { type: 'blob', ref: readBlobRef(payload) };
  throw new DsageError(
    'invalid-argument',
    `A payload starts with byte 0 or 1, not with ${tag}: it is damaged, or of a newer dsage.`,
  );
}

/** The SHA-256 of a payload that is a blob, in hexadecimal; undefined for any other, also a damaged one. */
export function blobNamedBy(payload: Payload): string | undefined {
  if (payload[0] !== BLOB_TAG || payload.length < 1 + SHA256_BYTES) return undefined;
  return hexAt(payload, 1);
}

function hexAt(payload: Payload, at: number): string {
  return Buffer.from(payload.buffer, payload.byteOffset + at, SHA256_BYTES).toString('hex');
}

function readBlobRef(payload: Payload): BlobRef {
  const reader = new ByteReader(payload, 'bytes of a blob payload', 1);
  const end = reader.skip(SHA256_BYTES);
  const sha256 = hexAt(payload, 1);
  reader.offset = end;
  const sizeBytes = reader.varint();
  if (reader.offset !== payload.length) reader.fail('more bytes follow');
  return { sha256, sizeBytes };
}
