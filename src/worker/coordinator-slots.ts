import type { Slot } from './runner/slot.js';

/** Makes the slot of this number; `files` tells its folders from those of all others that are made. */
type MakeSlot = (number: number, files: number, onFree: () => void) => Slot;

/**
 * The slots of coordinators, beside those of tasks: most workers never need one, so that each is made with its child
 * process when it is first needed, and ends when it has nothing to do.
 */
export class CoordinatorSlots {
  readonly #make: MakeSlot;
  readonly #slots = new Map<number, Slot>();
  readonly #leaving = new Set<Promise<unknown>>();
  #lastFiles: number;

  /** @param first the number of the first of them, behind those of tasks */
  constructor(first: number, make: MakeSlot) {
    this.#make = make;
    this.#lastFiles = first - 1;
  }

  /** The slot of this number, when it is there. */
  at(number: number): Slot | undefined {
    return this.#slots.get(number);
  }

  /** The slot of this number, with its child on the way. */
  take(number: number): Slot {
    const known = this.#slots.get(number);
    if (known !== undefined) return known;
    // A number of its own: the one before it may still be putting its folder away.
    this.#lastFiles += 1;
    const slot = this.#make(number, this.#lastFiles, () => {
      this.#leave(number, slot);
    });
    this.#slots.set(number, slot);
    void slot.start();
    return slot;
  }

  /** Ends all children. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([...[...this.#slots.values()].map((slot) => slot.stop({ graceMs })), ...this.#leaving]);
  }

  #leave(number: number, slot: Slot): void {
    if (this.#slots.get(number) !== slot) return;
    this.#slots.delete(number);
    const gone = slot.stop().finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
  }
}
