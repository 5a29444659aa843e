import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { DsageError, messageOf } from '../model/errors.js';
import type { BlobRef } from '../model/job.js';
import { BLOB_CHUNK_BYTES, MAX_BLOB_BYTES } from '../model/protocol.js';

const UNFINISHED = 'unfinished';

/**
 * Content-addressed bytes in a directory: a file for each, named by its SHA-256, in folders of its first
 * two digits. A file is there only when it is whole and on disk.
 */
export class BlobStore {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes the directory where there is none, and removes what an earlier process left half written. */
  static async open(directory: string): Promise<BlobStore> {
    try {
      const unfinished = join(directory, UNFINISHED);
      await mkdir(unfinished, { recursive: true, mode: 0o700 });
      for (const name of await readdir(unfinished)) await rm(join(unfinished, name), { force: true });
    } catch (error) {
      throw new DsageError(
        'setup',
        `The directory of blobs ${directory} cannot be used: ${messageOf(error)}.`,
        {
          hint: 'Make it writable, or choose another directory.',
          cause: error,
        },
      );
    }
    return new BlobStore(directory);
  }

  /** Where the blob's file is, or would be. */
  pathOf({ sha256 }: BlobRef): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw new DsageError(
        'invalid-argument',
        `A blob is named by 64 hexadecimal digits, not by '${sha256}'.`,
      );
    }
    return join(this.#directory, sha256.slice(0, 2), sha256);
  }

  has(ref: BlobRef): boolean {
    return existsSync(this.pathOf(ref));
  }

  /**
   * Keeps bytes that must have the reference's size and hash; resolves once they are on disk. Throws
   * `limit-exceeded` above MAX_BLOB_BYTES and `invalid-argument` when they do not fit the reference; nothing is kept then.
   */
  async put(ref: BlobRef, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    if (ref.sizeBytes > MAX_BLOB_BYTES) throw tooLarge(ref.sizeBytes);
    const path = this.pathOf(ref);
    const unfinished = join(this.#directory, UNFINISHED, randomUUID());
    try {
      await this.#write(ref, chunks, unfinished);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await rename(unfinished, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  /** Keeps bytes under the name that they have. */
  async write(bytes: Uint8Array): Promise<BlobRef> {
    const ref = { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
    if (!this.has(ref)) await this.put(ref, [bytes]);
    return ref;
  }

  /** The blob's bytes in chunks. Throws `not-found` when it is not here. */
  async *open(ref: BlobRef): AsyncGenerator<Buffer> {
    if (!this.has(ref)) throw new DsageError('not-found', `There is no blob ${ref.sha256} here.`);
    yield* createReadStream(this.pathOf(ref), { highWaterMark: BLOB_CHUNK_BYTES }) as AsyncIterable<Buffer>;
  }

  /** Nothing happens when it is not here. */
  async delete(ref: BlobRef): Promise<void> {
    await rm(this.pathOf(ref), { force: true });
  }

  async #write(
    ref: BlobRef,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    path: string,
  ): Promise<void> {
    const file = await open(path, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > MAX_BLOB_BYTES) throw tooLarge(size);
        hash.update(chunk);
        for (let offset = 0; offset < chunk.length;) {
          const { bytesWritten } = await file.write(chunk, offset);
          offset += bytesWritten;
        }
      }
      if (size !== ref.sizeBytes || hash.digest('hex') !== ref.sha256) {
        throw new DsageError(
          'invalid-argument',
          `What was sent is not the blob ${ref.sha256} of ${String(ref.sizeBytes)} bytes: it has ${String(size)} bytes or another hash.`,
          {
            hint: 'Send it again; it may have changed while it was read.',
          },
        );
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

function tooLarge(size: number): DsageError {
  return new DsageError(
    'limit-exceeded',
    `A blob of ${String(size)} bytes is over the limit of ${String(MAX_BLOB_BYTES)} bytes (MAX_BLOB_BYTES).`,
    {
      hint: 'Split it, or put it where the workers can read it and send its path.',
    },
  );
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
