import type { BlobStore, StoredBlob } from '../blobs/blob-store.js';
import type { Logger } from '../log/log.js';
import type { Store } from './store/store.js';

/** Looked at in one go: some ten milliseconds, spread over many turns of the event loop. */
const BLOBS_AT_ONCE = 500;
const LONGEST_BETWEEN_WALKS_MS = 10 * 60_000;
/** Workers and clients that hold something for the server are back this soon after its start. */
const LONGEST_TO_COME_BACK_MS = 5 * 60_000;

export interface BlobRetentionOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  /**
   * A blob that no job uses stays for this long after it was last written or asked for, in milliseconds: whoever
   * was told that it is on the server is about to name it in a job or an answer.
   */
  readonly graceMs: number;
  /** Milliseconds since the epoch, as the file system counts them. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Deletes the blobs that no job uses any more, on walks through all of them, a little at a time. */
export class BlobRetention {
  readonly #options: BlobRetentionOptions;
  #walk: AsyncGenerator<StoredBlob, void, undefined> | undefined;
  #nextWalkAtMs: number;
  #deleted = { blobs: 0, bytes: 0 };
  #stopped = false;

  constructor(options: BlobRetentionOptions) {
    this.#options = options;
    this.#nextWalkAtMs = options.now() + Math.min(options.graceMs, LONGEST_TO_COME_BACK_MS);
  }

  /** Goes on with the walk, or begins the next one when it is due. Not to be called while it is under way. */
  async advance(): Promise<void> {
    const { blobs, graceMs, now } = this.#options;
    if (this.#walk === undefined) {
      if (now() < this.#nextWalkAtMs) return;
      this.#nextWalkAtMs = now() + Math.min(graceMs, LONGEST_BETWEEN_WALKS_MS);
      this.#walk = blobs.list();
    }
    for (let seen = 0; seen < BLOBS_AT_ONCE; seen += 1) {
      const next = await this.#walk.next();
      if (this.#stopped) return;
      if (next.done === true) {
        this.#finishWalk();
        return;
      }
      await this.#visit(next.value);
    }
  }

  /** The store is not read any more after this. Idempotent. */
  stop(): void {
    this.#stopped = true;
  }

  async #visit({ ref, touchedAtMs }: StoredBlob): Promise<void> {
    const { store, blobs, graceMs, now } = this.#options;
    const untouchedSinceMs = now() - graceMs;
    if (touchedAtMs >= untouchedSinceMs || store.usesBlob(ref.sha256)) return;
    // In this same turn: nobody can have been told meanwhile that it is here.
    if (!(await blobs.delete(ref, { untouchedSinceMs }))) return;
    this.#deleted.blobs += 1;
    this.#deleted.bytes += ref.sizeBytes;
  }

  #finishWalk(): void {
    this.#walk = undefined;
    if (this.#deleted.blobs > 0) this.#options.log.info('blobs that no job uses were deleted', this.#deleted);
    this.#deleted = { blobs: 0, bytes: 0 };
  }
}
