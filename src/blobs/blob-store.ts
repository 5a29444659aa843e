import { createHash } from 'node:crypto';
import { renameSync, statSync, utimesSync } from 'node:fs';
import { type FileHandle, mkdir, open as openFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { DsageError, messageOf } from '../model/errors.js';
import type { BlobRef } from '../model/job.js';
import { BLOB_CHUNK_BYTES, MAX_BLOB_BYTES } from '../model/protocol.js';
import { absent, beginFile, endFile, removeLeftovers } from './incoming.js';

/** Where blobs are written before they are whole; on the same disk, so that a rename is all that is left to do. */
const INCOMING = 'incoming';
const SHA256 = /^[0-9a-f]{64}$/;

const FOLDER = /^[0-9a-f]{2}$/;

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** A blob that is in the store, and when it was last written or touched. */
export interface StoredBlob {
  readonly ref: BlobRef;
  readonly touchedAtMs: number;
}

export interface BlobStoreOptions {
  /** The largest blob that is taken, in bytes. */
  readonly maxBytes?: number;
}

/**
 * Large payloads in files that are named after their content: `ab/cd/abcd….`. A blob is there whole or not at
 * all, and on disk once `put` has resolved; it never changes, and putting it again is harmless, also from
 * several processes at once.
 */
export class BlobStore {
  readonly #directory: string;
  readonly #maxBytes: number;

  /**
   * Opens the store in `directory`, makes it where there is none, and removes what writers that are gone left.
   *
   * @throws DsageError `setup` when the directory cannot be written.
   */
  static async open(directory: string, options: BlobStoreOptions = {}): Promise<BlobStore> {
    const incoming = join(directory, INCOMING);
    try {
      await mkdir(incoming, { recursive: true, mode: 0o700 });
      await removeLeftovers(incoming);
    } catch (thrown) {
      throw new DsageError(
        'setup',
        `The directory for blobs ${directory} cannot be written: ${messageOf(thrown)}.`,
        {
          hint: 'Give this user the right to write there, or choose another directory.',
          cause: thrown,
        },
      );
    }
    return new BlobStore(directory, options.maxBytes ?? MAX_BLOB_BYTES);
  }

  private constructor(directory: string, maxBytes: number) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /**
   * Keeps the bytes of `chunks` as the blob `ref`. They are always read to their end, unless something is wrong
   * with them: a stream that nobody reads would stay open.
   *
   * @throws DsageError `limit-exceeded` when the blob is larger than the store takes, `invalid-argument` when
   * the bytes are not those of the reference, `store` when they cannot be written. Whatever `chunks` throws
   * comes through. In every case nothing is kept.
   */
  async put(ref: BlobRef, chunks: Chunks): Promise<void> {
    checkRef(ref);
    this.#checkSize(ref.sizeBytes);
    if (this.touch(ref)) return drain(chunks);
    const name = beginFile();
    const incoming = join(this.#directory, INCOMING, name);
    try {
      const found = await this.#receive(incoming, ref.sizeBytes, chunks);
      if (found.sizeBytes !== ref.sizeBytes || found.sha256 !== ref.sha256) throw mismatch(ref, found);
      await this.#settle(incoming, ref);
    } finally {
      await rm(incoming, { force: true });
      endFile(name);
    }
  }

  /** Keeps bytes that are in memory, and says what they are called. */
  async write(bytes: Uint8Array): Promise<BlobRef> {
    const ref = blobRefOf(bytes);
    await this.put(ref, [bytes]);
    return ref;
  }

  has(ref: BlobRef): boolean {
    return statSync(this.pathOf(ref), { throwIfNoEntry: false })?.size === ref.sizeBytes;
  }

  /** Whether the blob is there; if so it counts as written just now, so that `delete` spares it for a while. */
  touch(ref: BlobRef): boolean {
    if (!this.has(ref)) return false;
    const now = new Date();
    utimesSync(this.pathOf(ref), now, now);
    return true;
  }

  /** All blobs, in the order of their hashes; lazy. What comes or goes meanwhile may be among them. */
  async *list(): AsyncGenerator<StoredBlob, void, undefined> {
    for (const first of await namesIn(this.#directory, FOLDER)) {
      for (const second of await namesIn(join(this.#directory, first), FOLDER)) {
        const folder = join(this.#directory, first, second);
        for (const sha256 of await namesIn(folder, SHA256)) {
          const found = await stat(join(folder, sha256)).catch(absent);
          if (found?.isFile() !== true) continue;
          yield { ref: { sha256, sizeBytes: found.size }, touchedAtMs: found.mtimeMs };
        }
      }
    }
  }

  /**
   * The bytes of a blob in chunks of BLOB_CHUNK_BYTES (the last one may be smaller), each the caller's to keep.
   *
   * @throws DsageError `not-found` at the first chunk when the blob is not there.
   */
  async *open(ref: BlobRef): AsyncGenerator<Uint8Array, void, undefined> {
    const file = await openFile(this.pathOf(ref), 'r').catch(absent);
    if (file === undefined) throw notFound(ref, this.#directory);
    try {
      while (true) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(BLOB_CHUNK_BYTES));
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  /** Where the file of a blob is, or would be; to be read or linked to, never written. */
  pathOf({ sha256 }: Pick<BlobRef, 'sha256'>): string {
    if (!SHA256.test(sha256)) throw badRef(`"${sha256}" is not 64 lower-case hexadecimal digits`);
    return join(this.#directory, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  }

  /**
   * Removes a blob; with `untouchedSinceMs` (since the epoch) only if it was neither written nor touched at that
   * time or later. Tells whether it did. The blob is gone at once, when this returns its promise: `touch` said
   * before that it is there, or says after it that it is not. A reader that has begun goes on to the end.
   */
  async delete(
    ref: Pick<BlobRef, 'sha256'>,
    { untouchedSinceMs = Infinity }: { readonly untouchedSinceMs?: number } = {},
  ): Promise<boolean> {
    const path = this.pathOf(ref);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.mtimeMs >= untouchedSinceMs) return false;
    // A large file takes its time to go, which a rename does not.
    const name = beginFile();
    const leaving = join(this.#directory, INCOMING, name);
    try {
      renameSync(path, leaving);
      await rm(leaving, { force: true });
    } finally {
      endFile(name);
    }
    return true;
  }

  async #receive(path: string, mostBytes: number, chunks: Chunks): Promise<BlobRef> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const file = await openFile(path, 'wx', 0o600).catch((thrown: unknown) => this.#cannotWrite(thrown));
    try {
      for await (const chunk of chunks) {
        sizeBytes += chunk.length;
        // What is too long already is not written to its end.
        if (sizeBytes > mostBytes) return { sha256: '', sizeBytes };
        hash.update(chunk);
        await this.#writeAll(file, chunk);
      }
      await file.sync().catch((thrown: unknown) => this.#cannotWrite(thrown));
    } finally {
      await file.close();
    }
    return { sha256: hash.digest('hex'), sizeBytes };
  }

  async #writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
    } catch (thrown) {
      this.#cannotWrite(thrown);
    }
  }

  /** The rename is on disk only when its directory is. */
  async #settle(incoming: string, ref: BlobRef): Promise<void> {
    const target = this.pathOf(ref);
    const folder = dirname(target);
    try {
      const made = await mkdir(folder, { recursive: true, mode: 0o700 });
      await rename(incoming, target);
      await syncDirectory(folder);
      if (made !== undefined)
        for (const parent of [dirname(folder), this.#directory]) await syncDirectory(parent);
    } catch (thrown) {
      this.#cannotWrite(thrown);
    }
  }

  #checkSize(sizeBytes: number): void {
    if (sizeBytes <= this.#maxBytes) return;
    throw new DsageError(
      'limit-exceeded',
      `A blob of ${sizeBytes} bytes is over the limit of ${this.#maxBytes} bytes.`,
      {
        hint: 'Split it over several tasks, or put it where the workers can read it and send its path.',
      },
    );
  }

  #cannotWrite(thrown: unknown): never {
    throw new DsageError(
      'store',
      `A blob could not be written below ${this.#directory}: ${messageOf(thrown)}.`,
      {
        hint: 'Make room on that disk, or look at its health, and try again.',
        cause: thrown,
      },
    );
  }
}

/** What a blob with these bytes is called. */
function blobRefOf(bytes: Uint8Array): BlobRef {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
}

/** Names in a folder that look as they should, sorted; none where there is no such folder. */
async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch((thrown: unknown): string[] => {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw thrown;
    return [];
  });
  return names.filter((name) => pattern.test(name)).sort();
}

async function drain(chunks: Chunks): Promise<void> {
  for await (const _ of chunks);
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await openFile(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function checkRef({ sizeBytes }: BlobRef): void {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw badRef(`its size is ${sizeBytes}`);
}

function badRef(reason: string): DsageError {
  return new DsageError('invalid-argument', `That is no reference to a blob: ${reason}.`);
}

function mismatch(ref: BlobRef, found: BlobRef): DsageError {
  const came = found.sizeBytes > ref.sizeBytes ? `more than ${ref.sizeBytes}` : `only ${found.sizeBytes}`;
  const reason =
    found.sizeBytes === ref.sizeBytes ? `they are those of ${found.sha256}` : `${came} bytes came`;
  return new DsageError(
    'invalid-argument',
    `Not the ${ref.sizeBytes} bytes of blob ${ref.sha256}: ${reason}.`,
    {
      hint: 'Send it again.',
    },
  );
}

function notFound(ref: BlobRef, directory: string): DsageError {
  return new DsageError('not-found', `Blob ${ref.sha256} (${ref.sizeBytes} bytes) is not in ${directory}.`);
}
