import type { SieveBase } from './base.js';
import { log2 } from './log2.js';
import { sieveShape } from './shape.js';

/** Attempts at a new set before more primes are let in. */
const PATIENCE = 100;

/**
 * The leading coefficients `a` of the sieve of one number, products of primes of its base close to the ideal size, as
 * the ascending indexes of their factors: always the same sequence for the same base, without an end.
 *
 * All but one factor are drawn from a pool of primes of about the right size, the last makes the product fit. No two
 * sets share all factors but one, as long as there is a choice: polynomials of such two meet in many values, and find
 * the same relations.
 */
export class Polynomials {
  readonly #primes: Uint32Array;
  readonly #logs: Float64Array;
  readonly #target: number;
  readonly #size: number;
  /** Primes that may be factors, as indexes; the pool is `#width` of them around the ideal size. */
  readonly #usable: readonly number[];
  #width: number;
  readonly #random: () => number;
  /** By prime a random number below 2^52: the sum over a set is its name, and that of a subset is a difference. */
  readonly #names = new Map<number, number>();
  readonly #seen = new Set<number>();

  constructor(base: SieveBase) {
    const { interval, form } = sieveShape(base);
    this.#primes = base.primes;
    this.#logs = Float64Array.from(base.primes, Math.log2);
    this.#target = log2(2n * base.kn) / 2 - Math.log2(interval) - Math.log2(form);
    this.#size = factorCount(this.#target);
    this.#usable = [...base.primes.keys()].filter((index) => {
      const p = this.#primes[index] ?? 0;
      return p > 3 && p < 1 << 15 && base.multiplier % p !== 0;
    });
    this.#width = 3 * this.#size + 10;
    this.#random = generator(0x5eed);
  }

  next(): readonly number[] {
    for (let attempt = 1; ; attempt += 1) {
      if (attempt % PATIENCE === 0) this.#width += this.#size;
      const set = this.#draw();
      if (set === undefined) continue;
      const names = this.#subsets(set);
      // In a base of few primes there may be no choice left: then it is enough that a set is new.
      const known = names.filter((name) => this.#seen.has(name)).length;
      if (known === names.length || (known > 0 && attempt < 20 * PATIENCE)) continue;
      for (const name of names) this.#seen.add(name);
      return set;
    }
  }

  /** One set, or nothing when no prime makes the product fit. */
  #draw(): readonly number[] | undefined {
    const ideal = this.#target / this.#size;
    const width = Math.min(this.#width, this.#usable.length);
    const middle = this.#closest(ideal);
    const start = Math.max(0, Math.min(middle - (width >> 1), this.#usable.length - width));
    const set = new Set<number>();
    let rest = this.#target;
    while (set.size < this.#size - 1) {
      const index = this.#usable[start + Math.floor(this.#random() * width)] ?? 0;
      if (set.has(index)) continue;
      set.add(index);
      rest -= this.#logs[index] ?? 0;
    }
    const last = this.#usable[this.#closest(rest)] ?? 0;
    if (set.has(last) || Math.abs(rest - (this.#logs[last] ?? 0)) > 0.1) return undefined;
    // A factor far larger than the others costs more small primes than it saves.
    if (Math.abs(rest - ideal) > 1) return undefined;
    set.add(last);
    return [...set].sort((a, b) => a - b);
  }

  /** The place among the usable primes whose logarithm is closest. */
  #closest(log: number): number {
    let [low, high] = [0, this.#usable.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#logs[this.#usable[middle] ?? 0] ?? 0) < log) low = middle + 1;
      else high = middle;
    }
    const distance = (place: number) => Math.abs((this.#logs[this.#usable[place] ?? 0] ?? 0) - log);
    return low > 0 && distance(low - 1) < distance(low) ? low - 1 : low;
  }

  /** The names of a set without one of its factors, each in turn. */
  #subsets(set: readonly number[]): readonly number[] {
    const names = set.map((index) => this.#name(index));
    const modulus = 2 ** 52;
    const whole = names.reduce((sum, name) => (sum + name) % modulus, 0);
    return names.map((name) => (whole - name + modulus) % modulus);
  }

  #name(index: number): number {
    const known = this.#names.get(index);
    if (known !== undefined) return known;
    const random = generator(index);
    const name = Math.floor(random() * 2 ** 26) * 2 ** 26 + Math.floor(random() * 2 ** 26);
    this.#names.set(index, name);
    return name;
  }
}

/** Factors of about 2^9 for small numbers, up to 2^11.3 for large ones: their values lose what `a` holds of them. */
function factorCount(targetBits: number): number {
  const bits = Math.min(11.3, Math.max(8, 8.8 + (targetBits - 50) / 20));
  return Math.max(3, Math.round(targetBits / bits));
}

/** Numbers in [0, 1) from a seed, for choices that must be the same everywhere (mulberry32). */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
