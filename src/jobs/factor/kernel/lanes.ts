import { bitsOf, inverse, modulo } from '../../../code/prelude/arithmetic.js';
import { loadCurveWasm } from './curve-wasm.js';
import type { CurveWasm } from './curve-wasm.js';
import { LANES, LIMB, MOST_BITS, MOST_PAIRS, pairsFor } from './size.js';

// Where things stand in the kernel's memory: the same as in assembly/curve/layout.ts.
const CONSTANTS = 0x400;
const MODULUS = 0x2a00;
const A24 = 0x4900;
const TWO = 0x4c00;
const HEAP = 0x5000;
const PAGE = 0x10000;

/**
 * The memory of the kernel for one odd modulus: residues, four side by side, in Montgomery's form and in limbs of 13 bits
 * (see assembly/curve/layout.ts). Takes and gives ordinary residues.
 */
export class Lanes {
  readonly wasm: CurveWasm = loadCurveWasm();
  readonly n: bigint;
  /** Bytes of a number, four residues. */
  readonly size: number;
  /** (a + 2) / 4 of the curves in the lanes; when they hold sequences, 1 and 2. */
  readonly a24 = A24;
  readonly two = TWO;
  readonly #limbs: number;
  readonly #radix: bigint;
  readonly #unradix: bigint;
  /** 2^12 in each limb: makes all limbs positive. */
  readonly #offset: bigint;
  #free = HEAP;

  constructor(n: bigint) {
    const pairs = pairsFor(bitsOf(n));
    if (n % 2n === 0n || n < 3n || pairs > MOST_PAIRS)
      throw new RangeError(`no odd modulus of ${MOST_BITS} bits: ${n}`);
    this.n = n;
    this.size = 16 * pairs;
    this.#limbs = 2 * pairs;
    const radix = 1n << BigInt(LIMB * this.#limbs);
    this.#radix = radix % n;
    const unradix = inverse(radix, n);
    this.#unradix = 'value' in unradix ? unradix.value : 0n;
    this.#offset = ((radix - 1n) / 8191n) * 4096n;
    this.wasm.setWidth(pairs);
    this.#writeConstants();
  }

  #writeConstants(): void {
    this.#reserve(HEAP);
    const words = new Int32Array(this.wasm.memory.buffer);
    const minusInverse = Number(BigInt.asUintN(26, -inverseOfPowerOfTwo(this.n)));
    const constants = [minusInverse, 0x1000, 0x1fff, ~0xffff, 0x10001000];
    for (const [place, constant] of constants.entries()) {
      const at = CONSTANTS / 4 + place * LANES;
      words.fill(constant, at, at + LANES);
    }
    const limbs = this.#limbsOf(this.n);
    for (let column = 0; column <= this.#limbs; column += 1) {
      const word = ((limbs[column] ?? 0) & 0xffff) | ((limbs[column - 1] ?? 0) << 16);
      const at = MODULUS / 4 + column * LANES;
      words.fill(word, at, at + LANES);
    }
  }

  /** Room for some bytes, until all is freed. */
  allocate(bytes: number): number {
    const at = this.#free;
    this.#free += Math.ceil(bytes / 16) * 16;
    this.#reserve(this.#free);
    return at;
  }

  freeAll(): void {
    this.#free = HEAP;
  }

  #reserve(bytes: number): void {
    const { memory } = this.wasm;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  }

  /** Writes a residue for each lane, from 0 to n - 1; lanes that are left out get 0. */
  write(at: number, residues: readonly bigint[]): void {
    const words = new Int16Array(this.wasm.memory.buffer, at, this.size / 2);
    for (let lane = 0; lane < LANES; lane += 1) {
      const value = ((residues[lane] ?? 0n) * this.#radix) % this.n;
      for (const [place, limb] of this.#limbsOf(2n * value > this.n ? value - this.n : value).entries()) {
        words[(place >> 1) * 2 * LANES + 2 * lane + (place & 1)] = limb;
      }
    }
  }

  /** The residues of all lanes, from 0 to n - 1. */
  read(at: number): bigint[] {
    const words = new Int16Array(this.wasm.memory.buffer, at, this.size / 2);
    return Array.from({ length: LANES }, (_, lane) => {
      let value = 0n;
      for (let pair = this.#limbs / 2 - 1; pair >= 0; pair -= 1) {
        const place = pair * 2 * LANES + 2 * lane;
        value = (value << 26n) + BigInt((words[place] ?? 0) + (words[place + 1] ?? 0) * 8192);
      }
      return modulo(value * this.#unradix, this.n);
    });
  }

  /** The limbs of a number of which at most 4 n is the size. */
  #limbsOf(value: bigint): number[] {
    let rest = value + this.#offset;
    const limbs: number[] = [];
    for (let pair = 0; pair < this.#limbs; pair += 2) {
      const two = Number(rest & 0x3ffffffn);
      limbs.push((two & 0x1fff) - 4096, (two >> LIMB) - 4096);
      rest >>= 26n;
    }
    return limbs;
  }
}

/** 1/n modulo 2^32 for odd n, by Newton's iteration. */
function inverseOfPowerOfTwo(n: bigint): bigint {
  let value = n;
  for (let bits = 3; bits < 32; bits *= 2) value = BigInt.asUintN(32, value * (2n - n * value));
  return value;
}
