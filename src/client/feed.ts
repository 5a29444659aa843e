import { setImmediate as nextTurn } from 'node:timers/promises';

import { asDsageError, DsageError, messageOf } from '../model/errors.js';
import { isFinal } from '../model/status.js';
import { encodeValue } from '../wire/codec.js';
import { PackedTasksWriter } from '../wire/packed.js';
import { inlineIfSmall } from './blobs.js';
import { OUTBOX_LIMITS } from './core/outbox.js';
import type { Part } from './core/outbox-entry.js';
import type { ArgumentSource } from './inputs.js';
import type { TrackedJob } from './tracked-job.js';

/** The first part is small, so that work begins at once; then they grow. */
const FIRST_PART_TASKS = 256;
const LARGEST_PART_TASKS = 4096;
const PART_BYTES = 256 * 1024;

const PAUSE = Symbol('pause');

/** Turns the inputs of a map into tasks, as fast as the server takes them and no faster. */
export class Feed {
  readonly #tracked: TrackedJob;
  readonly #source: ArgumentSource;
  readonly #writer = new PackedTasksWriter();
  #partTasks = FIRST_PART_TASKS;
  #count = 0;
  #isExhausted = false;
  /** An input that is too large for a message, which stopped the first part. */
  #large: Uint8Array | undefined;
  #refused: DsageError | undefined;
  /** Everything has been handed on: a refusal that comes later finds nobody who looks for it. */
  #hasRun = false;
  /** An input that was asked for and has not come yet. */
  #pending: Promise<readonly unknown[] | undefined> | undefined;

  constructor(tracked: TrackedJob, source: ArgumentSource) {
    this.#tracked = tracked;
    this.#source = source;
    tracked.onTasksRefused = (error) => {
      this.#refused = error;
      if (this.#hasRun) void this.#abort(error);
    };
  }

  /** How many tasks there are so far. */
  get count(): number {
    return this.#count;
  }

  /** All inputs were read. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** The first tasks, without waiting. Throws what the inputs throw, and `not-shippable`. */
  firstPart(): Part {
    if (this.#source.isSync) this.#fill();
    return this.#take();
  }

  /** Sends the rest, part by part. Never rejects: what goes wrong ends the job. */
  async run(seq: number): Promise<void> {
    const { session } = this.#tracked.connection;
    try {
      while (!this.#isExhausted && !this.#hasEnded()) {
        await session.until(() => session.pendingBytes < OUTBOX_LIMITS.bytes || this.#hasEnded());
        if (this.#large !== undefined) await this.#addLarge(this.#large);
        if (this.#source.isSync) this.#fill();
        else await this.#fillAsync();
        session.append(seq, this.#take());
        // Other submissions, and the answers, get their turn.
        await nextTurn();
      }
      if (this.#refused !== undefined) throw this.#refused;
      session.closeJob(seq);
      this.#hasRun = true;
    } catch (error) {
      await this.#abort(asDsageError(error));
    } finally {
      if (!this.#isExhausted) await this.#source.close();
    }
  }

  #hasEnded(): boolean {
    return (
      this.#refused !== undefined || isFinal(this.#tracked.status) || this.#tracked.problem !== undefined
    );
  }

  #isFull(): boolean {
    return this.#writer.count >= this.#partTasks || this.#writer.byteLength >= PART_BYTES;
  }

  #fill(): void {
    while (!this.#isFull() && this.#large === undefined) {
      const values = this.#source.next();
      if (values === undefined) {
        this.#isExhausted = true;
        return;
      }
      this.#add(values);
    }
  }

  /** Gathers what comes without a pause: an input that keeps one waiting holds back no task before it. */
  async #fillAsync(): Promise<void> {
    let next = this.#pending ?? this.#source.nextAsync();
    while (!this.#isFull() && this.#large === undefined) {
      const isFirst = this.#writer.count === 0;
      const values = await (isFirst ? next : Promise.race([next, nextTurn(PAUSE)]));
      this.#pending = values === PAUSE ? next : undefined;
      if (values === PAUSE) return;
      if (values === undefined) {
        this.#isExhausted = true;
        return;
      }
      this.#add(values);
      if (this.#isFull()) return;
      next = this.#source.nextAsync();
    }
  }

  #add(values: readonly unknown[]): void {
    const cbor = this.#encode(values);
    const payload = inlineIfSmall(cbor);
    if (payload === undefined) {
      this.#large = cbor;
      return;
    }
    this.#writer.add(payload);
    this.#count += 1;
  }

  async #addLarge(cbor: Uint8Array): Promise<void> {
    this.#writer.add(await this.#tracked.connection.blobs.payload(cbor));
    this.#large = undefined;
    this.#count += 1;
  }

  #encode(values: readonly unknown[]): Uint8Array {
    try {
      return encodeValue(values);
    } catch (error) {
      const known = asDsageError(error);
      const { code, message, hint } = known;
      const what = hint === undefined ? message : message.slice(0, -hint.length).trimEnd();
      throw new DsageError(code, `Input ${this.#count} of the map: ${what}`, {
        cause: error,
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }

  #take(): Part {
    this.#partTasks = Math.min(2 * this.#partTasks, LARGEST_PART_TASKS);
    return { count: this.#writer.count, packedTasks: this.#writer.take() };
  }

  /** The inputs cannot be read to their end: what has been submitted is stopped, with the reason. */
  async #abort(error: DsageError): Promise<void> {
    const tracked = this.#tracked;
    try {
      await tracked.until(() => tracked.id !== undefined || tracked.isSettled);
      if (tracked.id !== undefined && !isFinal(tracked.status)) {
        const reason = `its inputs could not be read to the end: ${messageOf(error)}`;
        await tracked.connection.rpc.call('killJobs', {
          ...{ jobs: [tracked.id], all: false, reason, indexes: [] },
        });
      }
    } catch {
      // The job could not be stopped, or was never there; the error that began it says more.
    }
    if (tracked.problem === undefined) tracked.fail(error);
  }
}
