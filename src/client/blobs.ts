import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

import { DsageError } from '../model/errors.js';
import type { BlobRef, Payload } from '../model/job.js';
import { BLOB_CHUNK_BYTES, MAX_BLOB_BYTES, MAX_INLINE_BYTES } from '../model/protocol.js';
import { blobToMessage } from '../wire/convert.js';
import type { GetBlobResponse, PutBlobRequest } from '../wire/gen/dsage/v1/client.js';
import { blobPayload, inlinePayload } from '../wire/payload.js';
import { deferred } from './deferred.js';
import type { Rpc } from './rpc.js';

/** How often a transfer that the connection broke is started again. */
const TRIES = 5;
const RETRY_MS = 500;
/** The server keeps a blob that no job uses for an hour after it was asked about: well before, we ask again. */
const SURE_MS = 10 * 60_000;

/** Large values and files on the server, by the hash of their bytes. */
export class Blobs {
  readonly #rpc: Rpc;
  /** Uploads under way, which are shared. */
  readonly #storing = new Map<string, Promise<void>>();
  /** When this process last knew a blob to be on the server, in that order. */
  readonly #seenAtMs = new Map<string, number>();

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** The payload of some CBOR: inline at once when it is small, else as a blob that is stored first. */
  payload(cbor: Uint8Array): Payload | Promise<Payload> {
    return inlineIfSmall(cbor) ?? this.put(cbor).then(blobPayload);
  }

  async put(bytes: Uint8Array): Promise<BlobRef> {
    if (bytes.length > MAX_BLOB_BYTES) {
      throw new DsageError(
        'limit-exceeded',
        `A value has ${bytes.length.toLocaleString('en')} bytes as CBOR; it may have ${MAX_BLOB_BYTES.toLocaleString('en')}.`,
        { hint: 'Split it into several tasks, or pass the path of a file that the workers see.' },
      );
    }
    const ref = { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
    await this.#store(ref, () => chunksOf(bytes));
    return ref;
  }

  async putFile(path: string): Promise<BlobRef> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    const ref = { sha256: hash.digest('hex'), sizeBytes };
    await this.#store(ref, () => createReadStream(path, { highWaterMark: BLOB_CHUNK_BYTES }));
    return ref;
  }

  async get(ref: BlobRef): Promise<Uint8Array> {
    return this.#again(async () => {
      const chunks: Buffer[] = [];
      const stream = this.#rpc.getBlob({ blob: blobToMessage(ref) });
      for await (const { chunk } of stream as AsyncIterable<GetBlobResponse>) chunks.push(chunk);
      return Buffer.concat(chunks);
    });
  }

  #store(ref: BlobRef, chunks: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const under = this.#storing.get(ref.sha256);
    if (under !== undefined) return under;
    if (this.#isSurelyThere(ref)) return Promise.resolve();
    const storing = this.#again(async () => {
      const { missing } = await this.#rpc.call('hasBlobs', { blobs: [blobToMessage(ref)] });
      if (missing.length > 0) await this.#send(ref, chunks());
      this.#seenAtMs.set(ref.sha256, Date.now());
    }).finally(() => this.#storing.delete(ref.sha256));
    this.#storing.set(ref.sha256, storing);
    return storing;
  }

  #isSurelyThere(ref: BlobRef): boolean {
    for (const [sha256, atMs] of this.#seenAtMs) {
      if (Date.now() - atMs < SURE_MS) break;
      this.#seenAtMs.delete(sha256);
    }
    return this.#seenAtMs.has(ref.sha256);
  }

  async #send(ref: BlobRef, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    let failed: unknown;
    let done = false;
    const { promise, resolve } = deferred<undefined>();
    const call = this.#rpc.putBlob((error) => {
      failed = error ?? undefined;
      done = true;
      resolve(undefined);
    });
    const write = async (message: PutBlobRequest): Promise<void> => {
      if (call.write(message)) return;
      // A call that has ended never drains.
      await Promise.race([new Promise((drained) => call.once('drain', drained)), promise]);
    };
    await write({ message: { $case: 'ref', value: blobToMessage(ref) } });
    for await (const chunk of chunks) {
      if (done as boolean) break;
      await write({ message: { $case: 'chunk', value: Buffer.from(chunk) } });
    }
    call.end();
    await promise;
    if (failed !== undefined) throw failed as Error;
  }

  async #again<T>(transfer: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await transfer();
      } catch (thrown) {
        const error = this.#rpc.explain(thrown);
        if (error.code !== 'unavailable' || tried >= TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS * tried));
      }
    }
  }
}

/** The payload of some CBOR, or undefined when it must be stored as a blob. */
export function inlineIfSmall(cbor: Uint8Array): Payload | undefined {
  return cbor.length <= MAX_INLINE_BYTES ? inlinePayload(cbor) : undefined;
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += BLOB_CHUNK_BYTES) {
    yield bytes.subarray(start, start + BLOB_CHUNK_BYTES);
  }
}
