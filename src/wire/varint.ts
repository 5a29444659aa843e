import { DsageError } from '../model/errors.js';

/**
 * Unsigned LEB128, as protobuf writes it, for whole numbers up to 2^53 - 1. Longer encodings of the same
 * number are refused on reading, so that equal records have equal bytes.
 */

/** The longest varint of a safe integer. */
export const MAX_VARINT_BYTES = 8;

export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

/** Writes at `offset`, where MAX_VARINT_BYTES must be free, and returns the offset after it. */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER && Number.isInteger(value))) {
    throw new DsageError(
      'invalid-argument',
      `A packed number must be a whole one from 0 to 2^53 - 1, not ${value}.`,
    );
  }
  let at = offset;
  let rest = value;
  // Bit operations are quick, and right below 2^31 only.
  while (rest >= 0x8000_0000) {
    target[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** Reads varints and bytes one after the other, and never past `end`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;
  readonly #what: string;

  /** @param what names the bytes in error messages, such as `packed tasks` */
  constructor(bytes: Uint8Array, what: string, offset = 0) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.offset = offset;
    this.#what = what;
  }

  varint(): number {
    const first = this.bytes[this.offset];
    if (first !== undefined && first < 0x80) {
      this.offset += 1;
      return first;
    }
    return this.#longVarint();
  }

  byte(): number {
    const value = this.bytes[this.offset];
    if (value === undefined) return this.fail('they end too early');
    this.offset += 1;
    return value;
  }

  /** Moves past `length` bytes and returns the offset after them. */
  skip(length: number): number {
    if (length > this.end - this.offset) this.fail('they end too early');
    this.offset += length;
    return this.offset;
  }

  fail(why: string): never {
    throw new DsageError('invalid-argument', `The ${this.#what} are damaged at byte ${this.offset}: ${why}.`);
  }

  #longVarint(): number {
    let value = 0;
    let scale = 1;
    let at = this.offset;
    for (let count = 0; count < MAX_VARINT_BYTES; count += 1) {
      const byte = this.bytes[at++];
      if (byte === undefined) return this.fail('they end too early');
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) {
        scale *= 128;
        continue;
      }
      if (byte === 0) return this.fail('a number has more bytes than it needs');
      if (value > Number.MAX_SAFE_INTEGER) break;
      this.offset = at;
      return value;
    }
    return this.fail('a number is above 2^53 - 1');
  }
}
