import { joinBytes } from './packed.js';
import { withRoom } from './numbering.js';

/** 2^22 bytes: an entry's place is below 2^32 for 4 GiB of them. */
const CHUNK = 1 << 22;

/** Keeps short pieces of bytes one after another, with 4 bytes more for each, and never copies what it has. */
export class ByteStore {
  readonly #chunks: Uint8Array[] = [];
  #places = new Uint32Array(1024);
  #lengths = new Uint16Array(1024);
  #size = 0;
  #filled = CHUNK;

  get size(): number {
    return this.#size;
  }

  /** Copies a piece of at most 65,535 bytes. */
  push(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#filled + length > CHUNK) {
      this.#chunks.push(new Uint8Array(CHUNK));
      this.#filled = 0;
    }
    const chunk = this.#chunks.length - 1;
    this.#chunks[chunk]?.set(bytes.subarray(start, end), this.#filled);
    this.#places = withRoom(this.#places, this.#size);
    this.#places[this.#size] = chunk * CHUNK + this.#filled;
    if (this.#size >= this.#lengths.length) {
      const longer = new Uint16Array(this.#places.length);
      longer.set(this.#lengths);
      this.#lengths = longer;
    }
    this.#lengths[this.#size] = length;
    this.#size += 1;
    this.#filled += length;
  }

  /** The pieces of these numbers, one after another. */
  join(numbers: readonly number[]): Uint8Array {
    return joinBytes(
      numbers.map((number) => {
        const place = this.#places[number] ?? 0;
        const start = place & (CHUNK - 1);
        const chunk = this.#chunks[Math.floor(place / CHUNK)];
        return chunk?.subarray(start, start + (this.#lengths[number] ?? 0)) ?? new Uint8Array();
      }),
    );
  }
}
