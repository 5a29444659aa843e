import { DsageError } from '../model/errors.js';
import type { Payload } from '../model/job.js';
import { encodeValue } from '../wire/codec.js';
import { PackedTasksWriter } from '../wire/packed.js';
import { assertTravels } from '../wire/travels.js';
import type { Blobs } from './blobs.js';
import { OUTBOX_LIMITS } from './core/outbox.js';
import type { Part } from './core/outbox-entry.js';
import { InOrder } from './in-order.js';

/** A part is cut at about this size. */
const PART_BYTES = 256 * 1024;

export interface TaskSenderOptions {
  readonly blobs: Blobs;
  readonly onPart: (part: Part) => void;
  readonly onProblem: (thrown: unknown) => void;
}

/** Packs tasks into parts, in order: one that is large is stored on the server first, and those behind it wait. */
export class TaskSender {
  readonly #options: TaskSenderOptions;
  readonly #writer = new PackedTasksWriter();
  readonly #order: InOrder;
  #waitingBytes = 0;

  constructor(options: TaskSenderOptions) {
    this.#options = options;
    this.#order = new InOrder(options.onProblem);
  }

  /** So much waits here that no more should come for now. */
  get isFull(): boolean {
    return this.#waitingBytes > OUTBOX_LIMITS.bytes;
  }

  /** Throws `not-shippable`, with the path to the part of a task that cannot travel; then none of them is sent. */
  add(tasks: readonly unknown[]): void {
    const cbors = tasks.map(encodeTask);
    const payloads = cbors.map((cbor) => this.#options.blobs.payload(cbor));
    if (this.#order.isIdle && !payloads.some(isPromise)) {
      this.#pack(payloads as Payload[]);
      return;
    }
    const bytes = cbors.reduce((sum, cbor) => sum + cbor.length, 0);
    this.#waitingBytes += bytes;
    // A refused upload is heard of in its turn.
    for (const payload of payloads) if (isPromise(payload)) payload.catch(() => undefined);
    this.#order.enqueue(async () => {
      this.#pack(await Promise.all(payloads.map((payload) => Promise.resolve(payload))));
      this.#waitingBytes -= bytes;
    });
  }

  /** Resolves once all that was added before has left from here. */
  async settled(): Promise<void> {
    await this.#order.settled();
  }

  #pack(payloads: readonly Payload[]): void {
    for (const payload of payloads) {
      this.#writer.add(payload);
      if (this.#writer.byteLength >= PART_BYTES) this.#flush();
    }
    this.#flush();
  }

  #flush(): void {
    const { count } = this.#writer;
    if (count > 0) this.#options.onPart({ count, packedTasks: this.#writer.take() });
  }
}

/** @param record what a coordinator stores of a task: the task itself comes first */
function encodeTask(record: unknown): Uint8Array {
  try {
    return encodeValue(record);
  } catch (error) {
    if (error instanceof DsageError && Array.isArray(record)) assertTravels(record[0], 'the task');
    throw error;
  }
}

function isPromise(payload: Payload | Promise<Payload>): payload is Promise<Payload> {
  return payload instanceof Promise;
}
