import { DsageError } from '../../../model/errors.js';
import type { SieveBase } from '../sieve/base.js';

/** u^2 - kn = (-1)^isNegative * product(primes[i] for i in factors) * product(largePrimes), exactly. */
export interface Relation {
  /** |u| */
  readonly u: bigint;
  readonly isNegative: boolean;
  /** Ascending places in the base's primes, one as often as its prime divides. */
  readonly factors: readonly number[];
  /** Ascending. */
  readonly largePrimes: readonly number[];
}

/**
 * Packs one relation: `u16 length of the rest · |u| · u8 flags (bit 0: negative, bits 1-2: how many large primes) · u32 each
 * large prime · u8 number of factors · factors, each as LEB128 of the difference to the one before`, little endian.
 */
export function packRelation(base: SieveBase, relation: Relation): Uint8Array {
  const { u, isNegative, factors, largePrimes } = relation;
  const bytes: number[] = [0, 0];
  for (let place = 0, rest = u; place < base.valueBytes; place += 1, rest >>= 8n) {
    bytes.push(Number(rest & 255n));
  }
  bytes.push(Number(isNegative) | (largePrimes.length << 1));
  for (const prime of largePrimes)
    bytes.push(prime & 255, (prime >>> 8) & 255, (prime >>> 16) & 255, prime >>> 24);
  bytes.push(factors.length);
  let before = 0;
  for (const factor of factors) {
    let rest = factor - before;
    for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
    bytes.push(rest);
    before = factor;
  }
  const length = bytes.length - 2;
  bytes[0] = length & 255;
  bytes[1] = length >>> 8;
  return Uint8Array.from(bytes);
}

/**
 * Goes through packed relations one by one without making anything for each: after `next()` its fields tell of the relation
 * it stands on. It trusts the form: relations from elsewhere go through `checkRelations` first.
 */
export class RelationReader {
  /** Where the relation begins and ends in the bytes. */
  start = 0;
  end = 0;
  isNegative = false;
  largeCount = 0;
  /** The large primes: 1 where there is none, the greater second. */
  large0 = 1;
  large1 = 1;
  /** How many of `factors` are the relation's. */
  factorCount = 0;
  readonly factors = new Uint32Array(255);

  readonly #bytes: Uint8Array;
  readonly #valueBytes: number;

  constructor(base: SieveBase, packed: Uint8Array) {
    this.#bytes = packed;
    this.#valueBytes = base.valueBytes;
  }

  /** Goes on to the next relation; false at the end. Throws `invalid-argument` where the bytes are none. */
  next(): boolean {
    if (!this.nextHead()) return false;
    this.#readFactors(this.valueStart + this.#valueBytes + 1 + 4 * this.largeCount);
    return true;
  }

  /** The same without the factors. */
  nextHead(): boolean {
    this.start = this.end;
    if (this.start >= this.#bytes.length) return false;
    const head = this.start + 2 + this.#valueBytes;
    this.end = this.start + 2 + at(this.#bytes, this.start) + 256 * at(this.#bytes, this.start + 1);
    const flags = at(this.#bytes, head);
    this.isNegative = (flags & 1) === 1;
    this.largeCount = flags >> 1;
    if (this.end > this.#bytes.length || this.largeCount > 2 || head + 2 + 4 * this.largeCount > this.end) {
      throw damaged();
    }
    this.large0 = this.largeCount > 0 ? this.#word(head + 1) : 1;
    this.large1 = this.largeCount > 1 ? this.#word(head + 5) : 1;
    if (this.large1 === 1) [this.large0, this.large1] = [1, this.large0];
    return true;
  }

  /** Where |u| begins. */
  get valueStart(): number {
    return this.start + 2;
  }

  /** The lowest 32 bits of |u|, and the 32 bits above. */
  get lowestWord(): number {
    return this.#word(this.valueStart);
  }

  get secondWord(): number {
    return this.#word(this.valueStart + 4);
  }

  /** |u| as a number. */
  get u(): bigint {
    const bytes = Buffer.from(this.#bytes.subarray(this.valueStart, this.valueStart + this.#valueBytes));
    return BigInt(`0x${bytes.reverse().toString('hex')}`);
  }

  #readFactors(start: number): void {
    const bytes = this.#bytes;
    let place = start;
    this.factorCount = at(bytes, place++);
    let index = 0;
    for (let factor = 0; factor < this.factorCount; factor += 1) {
      let byte = at(bytes, place++);
      index += byte & 127;
      for (let shift = 7; byte > 127; shift += 7) {
        byte = at(bytes, place++);
        index += (byte & 127) << shift;
      }
      this.factors[factor] = index;
    }
    if (place !== this.end) throw damaged();
  }

  #word(place: number): number {
    const bytes = this.#bytes;
    const low = at(bytes, place) | (at(bytes, place + 1) << 8) | (at(bytes, place + 2) << 16);
    return low + at(bytes, place + 3) * 0x1000000;
  }
}

/** The relations as objects, for what has time. */
export function unpackRelations(base: SieveBase, packed: Uint8Array): Relation[] {
  const reader = new RelationReader(base, packed);
  const relations: Relation[] = [];
  while (reader.next()) {
    const { u, isNegative, largeCount, large0, large1, factors, factorCount } = reader;
    const largePrimes = [large0, large1].slice(2 - largeCount);
    relations.push({ u, isNegative, largePrimes, factors: [...factors.subarray(0, factorCount)] });
  }
  return relations;
}

export function countRelations(base: SieveBase, packed: Uint8Array): number {
  const reader = new RelationReader(base, packed);
  let count = 0;
  while (reader.nextHead()) count += 1;
  return count;
}

/** Some of the relations, by ascending ordinal numbers, packed as they were. */
export function pickRelations(base: SieveBase, packed: Uint8Array, ordinals: Iterable<number>): Uint8Array {
  const reader = new RelationReader(base, packed);
  const parts: Uint8Array[] = [];
  let ordinal = -1;
  for (const wanted of ordinals) {
    while (ordinal < wanted && reader.nextHead()) ordinal += 1;
    if (ordinal === wanted) parts.push(packed.subarray(reader.start, reader.end));
  }
  return joinBytes(parts);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of parts) {
    joined.set(part, filled);
    filled += part.length;
  }
  return joined;
}

/** An element that is there: reading beyond the end gives 0. */
function at(bytes: Uint8Array, place: number): number {
  return bytes[place] ?? 0;
}

function damaged(): DsageError {
  return new DsageError('invalid-argument', 'The bytes are no packed relations.', {
    hint: 'Let checkRelations look at what comes from elsewhere.',
  });
}
