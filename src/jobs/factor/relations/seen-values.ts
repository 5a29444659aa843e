import { FULLEST, slotsFor } from './numbering.js';

/**
 * Which |u| were seen, by their lowest 64 bits: 8 bytes a slot. Two different relations that agree in these would count as
 * one, which costs a relation in 10^7 jobs.
 */
export class SeenValues {
  #low: Uint32Array;
  #high: Uint32Array;
  #size = 0;
  /** 0 marks an empty slot. */
  #hasZero = false;

  /** `expected`: how many values there may be; more can come. */
  constructor(expected = 0) {
    this.#low = new Uint32Array(slotsFor(expected));
    this.#high = new Uint32Array(slotsFor(expected));
  }

  /** Takes a value up; false when it was there. */
  add(low: number, high: number): boolean {
    if (low === 0 && high === 0) {
      if (this.#hasZero) return false;
      this.#hasZero = true;
      return true;
    }
    if (this.#size >= this.#low.length * FULLEST) this.#grow();
    if (!this.#put(low, high)) return false;
    this.#size += 1;
    return true;
  }

  #put(low: number, high: number): boolean {
    const mask = this.#low.length - 1;
    let slot = (low ^ Math.imul(high, 0x9e3779b1)) & mask;
    for (; this.#low[slot] !== 0 || this.#high[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#low[slot] === low && this.#high[slot] === high) return false;
    }
    this.#low[slot] = low;
    this.#high[slot] = high;
    return true;
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    this.#low = new Uint32Array(2 * low.length);
    this.#high = new Uint32Array(2 * low.length);
    for (let slot = 0; slot < low.length; slot += 1) {
      const [lowWord, highWord] = [low[slot] ?? 0, high[slot] ?? 0];
      if (lowWord !== 0 || highWord !== 0) this.#put(lowWord, highWord);
    }
  }
}
