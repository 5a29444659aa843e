import { DsageError } from '../../model/errors.js';
import type { BlobRef } from '../../model/job.js';
import type { BlobStore } from '../../blobs/blob-store.js';
import { blobFromMessage, blobToMessage } from '../../wire/convert.js';
import type { BlobRef as BlobRefMessage } from '../../wire/gen/dsage/v1/types.js';

type Upload = {
  readonly message?:
    | { readonly $case: 'ref'; readonly value: BlobRefMessage }
    | { readonly $case: 'chunk'; readonly value: Buffer }
    | undefined;
};

/** Stores an upload: the reference first, then chunks; returns once the bytes are on disk and the hash fits. */
export async function storeUpload(blobs: BlobStore, requests: AsyncIterable<Upload>): Promise<void> {
  const messages = requests[Symbol.asyncIterator]();
  const first = await messages.next();
  const message = first.done === true ? undefined : first.value.message;
  if (message?.$case !== 'ref')
    throw new DsageError('invalid-argument', 'An upload begins with the reference of its blob.');
  await blobs.put(blobFromMessage(message.value), chunksOf({ [Symbol.asyncIterator]: () => messages }));
}

export async function* readBlob(
  blobs: BlobStore,
  message: BlobRefMessage | undefined,
): AsyncGenerator<{ chunk: Buffer }> {
  const ref = blobFromMessage(message);
  if (!blobs.has(ref)) throw new DsageError('not-found', `The server has no blob ${ref.sha256}.`);
  for await (const chunk of blobs.open(ref)) yield { chunk: Buffer.from(chunk) };
}

/** Those that are here stay for a while: the caller is about to name them in a job. */
export function missingBlobs(blobs: BlobStore, messages: readonly BlobRefMessage[]): BlobRefMessage[] {
  const refs: BlobRef[] = messages.map(blobFromMessage);
  return refs.filter((ref) => !blobs.touch(ref)).map(blobToMessage);
}

async function* chunksOf(requests: AsyncIterable<Upload>): AsyncGenerator<Uint8Array> {
  for await (const { message } of requests) {
    if (message?.$case !== 'chunk')
      throw new DsageError('invalid-argument', 'After the reference an upload has chunks only.');
    yield message.value;
  }
}
