import type { Rpc } from './rpc.js';

const LOOK_EVERY_MS = 2_000;

/** How many slots the cluster has: looked up now and then, since workers come and go. */
export class SlotCount {
  readonly #rpc: Rpc;
  readonly #onChanged: () => void;
  #value = 1;
  #timer: NodeJS.Timeout | undefined;

  constructor(rpc: Rpc, onChanged: () => void) {
    this.#rpc = rpc;
    this.#onChanged = onChanged;
  }

  get value(): number {
    return this.#value;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#look(), LOOK_EVERY_MS);
    void this.#look();
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // While the server is away nothing changes for the coordinator.
    const status = await this.#rpc.call('getStatus', {}).catch(() => undefined);
    if (status === undefined || status.slots === this.#value) return;
    this.#value = status.slots;
    this.#onChanged();
  }
}
