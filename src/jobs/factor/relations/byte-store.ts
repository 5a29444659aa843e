const CHUNK = 1 << 22;

/** Keeps short pieces of bytes in their order, with nothing else for each of them, and never copies what it has. */
export class ByteStore {
  readonly #full: Uint8Array[] = [];
  #chunk = new Uint8Array();
  #filled = 0;
  #size = 0;

  /** How many pieces there are. */
  get size(): number {
    return this.#size;
  }

  /** Copies a piece. */
  push(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#filled + length > this.#chunk.length) {
      if (this.#filled > 0) this.#full.push(this.#chunk.subarray(0, this.#filled));
      this.#chunk = new Uint8Array(Math.max(CHUNK, length));
      this.#filled = 0;
    }
    this.#chunk.set(bytes.subarray(start, end), this.#filled);
    this.#filled += length;
    this.#size += 1;
  }

  /** All bytes; no piece is in two of the chunks. They are not copies. */
  get chunks(): readonly Uint8Array[] {
    return [...this.#full, this.#chunk.subarray(0, this.#filled)];
  }
}
