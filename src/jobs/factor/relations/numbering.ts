/** Slots in the beginning, at least: to double them again and again takes longer than a short sieve has. */
const SLOTS = 1 << 14;
/** With so many keys among the slots there is room for twice as many. */
export const FULLEST = 0.6;

/** A power of two. */
export function slotsFor(keys: number): number {
  let slots = SLOTS;
  while (slots * FULLEST < keys) slots *= 2;
  return slots;
}

/** Numbers different keys of 32 bits, large primes for example, from 0 on in the order in which they come. */
export class Numbering {
  /** In each slot 0, or one more than the number of a key. */
  #slots: Uint32Array;
  #keys = new Uint32Array(SLOTS / 2);
  #size = 0;

  /** `expected`: how many keys there may be; more can come. */
  constructor(expected = 0) {
    this.#slots = new Uint32Array(slotsFor(expected));
  }

  get size(): number {
    return this.#size;
  }

  /** A key's number; a new key gets the next one. */
  numberOf(key: number): number {
    if (this.#size >= this.#slots.length * FULLEST) this.#grow();
    const slot = this.#slotOf(key);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return known - 1;
    this.#keys = withRoom(this.#keys, this.#size);
    this.#keys[this.#size] = key;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    return this.#size - 1;
  }

  /** Where a key is, or would be. */
  #slotOf(key: number): number {
    const mask = this.#slots.length - 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
    for (;;) {
      const known = this.#slots[slot] ?? 0;
      if (known === 0 || this.#keys[known - 1] === key) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let number = 0; number < this.#size; number += 1) {
      this.#slots[this.#slotOf(this.#keys[number] ?? 0)] = number + 1;
    }
  }
}

/** The array itself, or a longer copy in which there is the place. */
export function withRoom(array: Uint32Array<ArrayBuffer>, place: number): Uint32Array<ArrayBuffer> {
  if (place < array.length) return array;
  const longer = new Uint32Array(Math.max(1024, Math.ceil(1.3 * place) + 1));
  longer.set(array);
  return longer;
}
