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
  /** By slot a key and one more than its number, side by side, in one line of the processor's cache; 0 and 0 when empty. */
  #words: Uint32Array;
  #size = 0;

  /** `expected`: how many keys there may be; more can come. */
  constructor(expected = 0) {
    this.#words = new Uint32Array(2 * slotsFor(expected));
  }

  get size(): number {
    return this.#size;
  }

  /** A key's number; a new key gets the next one. */
  numberOf(key: number): number {
    if (2 * this.#size >= this.#words.length * FULLEST) this.#grow();
    const place = this.#placeOf(key);
    const known = this.#words[place + 1] ?? 0;
    if (known > 0) return known - 1;
    this.#size += 1;
    this.#words[place] = key;
    this.#words[place + 1] = this.#size;
    return this.#size - 1;
  }

  /** Where a key is, or would be. */
  #placeOf(key: number): number {
    const words = this.#words;
    const mask = words.length - 1;
    let place = (2 * (Math.imul(key, 0x9e3779b1) >>> 7)) & mask;
    while (words[place + 1] !== 0 && words[place] !== key) place = (place + 2) & mask;
    return place;
  }

  #grow(): void {
    const before = this.#words;
    this.#words = new Uint32Array(2 * before.length);
    for (let place = 0; place < before.length; place += 2) {
      const [key, number] = [before[place] ?? 0, before[place + 1] ?? 0];
      if (number === 0) continue;
      const to = this.#placeOf(key);
      this.#words[to] = key;
      this.#words[to + 1] = number;
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
