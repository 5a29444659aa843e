import { decodeValue } from '../wire/codec.js';
import { readPayload } from '../wire/payload.js';
import type { Blobs } from './blobs.js';

/** The value of any payload, also of one that is a blob. */
export async function valueIn({ blobs }: { readonly blobs: Blobs }, payload: Uint8Array): Promise<unknown> {
  const content = readPayload(payload);
  if (content.type === 'none') return undefined;
  return decodeValue(content.type === 'inline' ? content.bytes : await blobs.get(content.ref));
}
