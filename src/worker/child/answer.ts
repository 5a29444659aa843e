import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DsageError, messageOf } from '../../model/errors.js';
import { MAX_BLOB_BYTES, MAX_INLINE_BYTES } from '../../model/protocol.js';
import type { Payload } from '../../model/job.js';
import { encodeValue } from '../../wire/codec.js';
import { blobPayload, EMPTY_PAYLOAD, inlinePayload } from '../../wire/payload.js';

/** A value as an answer's payload; `file` has the bytes when it is a blob. */
export interface AnswerPayload {
  readonly payload: Payload;
  readonly file: string;
}

/**
 * Makes the payload of a task's value; a large one goes to a file in `folder`.
 *
 * Throws `not-shippable`, naming the path to the part that cannot travel, and `limit-exceeded` for a value
 * that is larger than a blob may be.
 */
export function payloadOf(value: unknown, folder: string, name: string): AnswerPayload {
  if (value === undefined) return { payload: EMPTY_PAYLOAD, file: '' };
  const cbor = encodeAnswer(value);
  if (cbor.length <= MAX_INLINE_BYTES) return { payload: inlinePayload(cbor), file: '' };
  if (cbor.length > MAX_BLOB_BYTES) throw tooLarge(cbor.length);
  const file = join(folder, name);
  writeFileSync(file, cbor, { mode: 0o600 });
  const sha256 = createHash('sha256').update(cbor).digest('hex');
  return { payload: blobPayload({ sha256, sizeBytes: cbor.length }), file };
}

function encodeAnswer(value: unknown): Uint8Array {
  try {
    return encodeValue(value);
  } catch (error) {
    if (error instanceof DsageError) throw error;
    throw new DsageError('not-shippable', `The answer cannot be sent: ${messageOf(error)}`, { cause: error });
  }
}

function tooLarge(bytes: number): DsageError {
  const [size, limit] = [bytes, MAX_BLOB_BYTES].map((count) => count.toLocaleString('en-US'));
  return new DsageError(
    'limit-exceeded',
    `The answer has ${size ?? ''} bytes; the limit is ${limit ?? ''}.`,
    {
      hint: 'Return less, or write it to files that the next step reads.',
    },
  );
}
