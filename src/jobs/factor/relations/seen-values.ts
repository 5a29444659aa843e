import { FULLEST, slotsFor } from './numbering.js';

/**
 * Which |u| were seen, by their lowest 64 bits: 8 bytes a slot. Two different relations that agree in these would count as
 * one, which costs a relation in 10^7 jobs.
 */
export class SeenValues {
  /** Both words of a slot side by side, in one line of the processor's cache. */
  #words: Uint32Array;
  #size = 0;
  /** 0 marks an empty slot. */
  #hasZero = false;

  /** `expected`: how many values there may be; more can come. */
  constructor(expected = 0) {
    this.#words = new Uint32Array(2 * slotsFor(expected));
  }

  /** Takes a value up; false when it was there. */
  add(low: number, high: number): boolean {
    if (low === 0 && high === 0) {
      if (this.#hasZero) return false;
      this.#hasZero = true;
      return true;
    }
    if (2 * this.#size >= this.#words.length * FULLEST) this.#grow();
    if (!this.#put(low, high)) return false;
    this.#size += 1;
    return true;
  }

  #put(low: number, high: number): boolean {
    const words = this.#words;
    const mask = words.length - 1;
    let place = (2 * (low ^ Math.imul(high, 0x9e3779b1))) & mask;
    for (; words[place] !== 0 || words[place + 1] !== 0; place = (place + 2) & mask) {
      if (words[place] === low && words[place + 1] === high) return false;
    }
    words[place] = low;
    words[place + 1] = high;
    return true;
  }

  #grow(): void {
    const before = this.#words;
    this.#words = new Uint32Array(2 * before.length);
    for (let place = 0; place < before.length; place += 2) {
      const [low, high] = [before[place] ?? 0, before[place + 1] ?? 0];
      if (low !== 0 || high !== 0) this.#put(low, high);
    }
  }
}
