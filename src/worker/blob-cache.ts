import { once } from 'node:events';
import { createReadStream, rmSync } from 'node:fs';
import { copyFile, link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ClientReadableStream, ClientWritableStream } from '@grpc/grpc-js';

import { BlobStore } from '../blobs/blob-store.js';
import type { BlobRef } from '../model/job.js';
import { BLOB_CHUNK_BYTES } from '../model/protocol.js';
import { blobToMessage } from '../wire/convert.js';
import { fromServiceError } from '../wire/errors.js';
import type {
  FetchBlobResponse,
  StoreBlobRequest,
  WorkerServiceClient,
} from '../wire/gen/dsage/v1/worker.js';

export interface BlobCacheOptions {
  /** Its own: no other process may write to it. */
  readonly directory: string;
  /** Of the server, for messages. */
  readonly address: string;
  /** Resolves with the client once this worker is registered; rejects when it ends before. */
  readonly connected: () => Promise<WorkerServiceClient>;
  /** The blob is no longer on this machine. */
  readonly onEvicted: (ref: BlobRef) => void;
  /** What all blobs together may take, in bytes; default 10 GiB. */
  readonly limitBytes?: number;
  /** What was used this shortly before stays, whatever the limit says, in milliseconds; default one minute. */
  readonly sparedMs?: number;
}

const LIMIT_BYTES = 10 * 1024 ** 3;
/** What was used this shortly before may be in use by a task that is about to start. */
const SPARED_MS = 60_000;

const RETRY_MS = 200;
/** The folder of the modules among the blobs. */
const MODULES = 'modules';

interface Entry {
  readonly ref: BlobRef;
  usedAtMs: number;
}

/** Blobs that tasks need, on this machine: fetched once, and the least recently used ones removed at a limit. */
export class BlobCache {
  readonly #options: BlobCacheOptions;
  readonly #store: BlobStore;
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #fetching = new Map<string, Promise<void>>();
  #bytes = 0;

  private constructor(options: BlobCacheOptions, store: BlobStore) {
    this.#options = options;
    this.#store = store;
  }

  static async open(options: BlobCacheOptions): Promise<BlobCache> {
    return new BlobCache(options, await BlobStore.open(options.directory));
  }

  /** Where the blob's file is, or will be. */
  pathOf(ref: BlobRef): string {
    return this.#store.pathOf(ref);
  }

  /** Where a blob that is an ES module can be imported from, once `makeModule` has been there. */
  moduleOf({ sha256 }: BlobRef): string {
    return join(this.#options.directory, MODULES, `${sha256}.mjs`);
  }

  /** Gives the file of a blob another name, by which Node knows it for an ES module. It goes with the blob. */
  async makeModule(ref: BlobRef): Promise<void> {
    const [blob, module] = [this.pathOf(ref), this.moduleOf(ref)];
    await mkdir(dirname(module), { recursive: true, mode: 0o700 });
    // Not every file system has hard links.
    await link(blob, module).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await copyFile(blob, module);
    });
  }

  /** A task that needs it is about to start. */
  touch(ref: BlobRef): void {
    const entry = this.#entries.get(ref.sha256);
    if (!entry) return;
    entry.usedAtMs = Date.now();
    this.#entries.delete(ref.sha256);
    this.#entries.set(ref.sha256, entry);
  }

  /** Resolves when all are here; tries for as long as the server cannot be reached. */
  async fetch(refs: readonly BlobRef[]): Promise<void> {
    await Promise.all(refs.map((ref) => this.#fetchOnce(ref)));
  }

  /** Gives the server a file of this machine; tries for as long as the server cannot be reached. */
  async store(file: string, ref: BlobRef): Promise<void> {
    await this.#whileUnreachable((client) => upload(client, file, ref));
  }

  #fetchOnce(ref: BlobRef): Promise<void> {
    if (this.#entries.has(ref.sha256)) {
      this.touch(ref);
      return Promise.resolve();
    }
    let fetching = this.#fetching.get(ref.sha256);
    if (!fetching) {
      fetching = this.#download(ref).finally(() => this.#fetching.delete(ref.sha256));
      this.#fetching.set(ref.sha256, fetching);
    }
    return fetching;
  }

  async #download(ref: BlobRef): Promise<void> {
    await this.#whileUnreachable((client) =>
      this.#store.put(ref, chunksOf(client.fetchBlob({ blob: blobToMessage(ref) }))),
    );
    this.#entries.set(ref.sha256, { ref, usedAtMs: Date.now() });
    this.#bytes += ref.sizeBytes;
    await this.#evict();
  }

  async #evict(): Promise<void> {
    const { limitBytes = LIMIT_BYTES, sparedMs = SPARED_MS } = this.#options;
    for (const [sha256, { ref, usedAtMs }] of this.#entries) {
      if (this.#bytes <= limitBytes || Date.now() - usedAtMs < sparedMs) return;
      this.#entries.delete(sha256);
      this.#bytes -= ref.sizeBytes;
      rmSync(this.moduleOf(ref), { force: true });
      this.#options.onEvicted(ref);
      await this.#store.delete(ref);
    }
  }

  async #whileUnreachable(call: (client: WorkerServiceClient) => Promise<void>): Promise<void> {
    for (;;) {
      const client = await this.#options.connected();
      try {
        await call(client);
        return;
      } catch (error) {
        const why = fromServiceError(error, this.#options.address);
        // A call that was cut off fails as `closed`: our client is closed with the stream.
        if (why.code !== 'unavailable' && why.code !== 'closed' && why.code !== 'timeout') throw why;
        await sleep(RETRY_MS);
      }
    }
  }
}

/** The stream may fail before anybody reads it: an error that nobody hears would end this process. */
function chunksOf(stream: ClientReadableStream<FetchBlobResponse>): AsyncGenerator<Uint8Array> {
  const early: { error?: Error } = {};
  stream.once('error', (error) => {
    early.error = error;
  });
  return readChunks(stream, early);
}

async function* readChunks(
  stream: AsyncIterable<FetchBlobResponse>,
  early: { readonly error?: Error },
): AsyncGenerator<Uint8Array> {
  if (early.error) throw early.error;
  for await (const { chunk } of stream) yield chunk;
}

async function upload(client: WorkerServiceClient, file: string, ref: BlobRef): Promise<void> {
  const answered = new AbortController();
  await new Promise<void>((resolve, reject) => {
    const call = client.storeBlob((error) => {
      // The server may answer before it has all, when it refuses or has the blob already.
      answered.abort();
      if (error) reject(error);
      else resolve();
    });
    send(call, { file, ref, signal: answered.signal }).catch((error: unknown) => {
      if (answered.signal.aborted) return;
      call.cancel();
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

async function send(
  call: ClientWritableStream<StoreBlobRequest>,
  what: { readonly file: string; readonly ref: BlobRef; readonly signal: AbortSignal },
): Promise<void> {
  call.write({ message: { $case: 'ref', value: blobToMessage(what.ref) } });
  const chunks = createReadStream(what.file, { highWaterMark: BLOB_CHUNK_BYTES });
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    what.signal.throwIfAborted();
    const goesOn = call.write({ message: { $case: 'chunk', value: chunk } });
    if (!goesOn) await once(call, 'drain', { signal: what.signal });
  }
  call.end();
}
