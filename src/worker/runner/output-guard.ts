const TAIL_BYTES = 2048;
const TAIL_LINES = 20;

/** Cuts a task's output at its limit, and keeps the last lines for its Failure. */
export class OutputGuard {
  readonly #limitBytes: number;
  #left: number;
  #isCut = false;
  #endsLine = true;
  #tail: Buffer = Buffer.alloc(0);

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#left = limitBytes;
  }

  /** True once output is thrown away. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** What of a chunk goes on; undefined for nothing. The chunk that reaches the limit gets a last line. */
  take(chunk: Buffer): Buffer | undefined {
    if (this.#isCut || chunk.length === 0) return undefined;
    const passed = chunk.length <= this.#left ? chunk : this.#cut(chunk);
    this.#left -= Math.min(chunk.length, this.#left);
    this.#endsLine = passed[passed.length - 1] === 0x0a;
    const joined = this.#tail.length === 0 ? passed : Buffer.concat([this.#tail, passed]);
    // A copy, not to hold on to a whole chunk.
    this.#tail = Buffer.from(joined.subarray(-TAIL_BYTES));
    return passed;
  }

  /** The last lines, if there were any. */
  tail(): string | undefined {
    const lines = this.#tail.toString().trimEnd().split('\n').slice(-TAIL_LINES);
    const text = lines.join('\n');
    return text === '' ? undefined : text;
  }

  #cut(chunk: Buffer): Buffer {
    this.#isCut = true;
    let end = this.#left;
    // Not inside a character: its later bytes begin with the bits 10.
    while (end > 0 && ((chunk[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    const kept = chunk.subarray(0, end);
    const endsLine = end === 0 ? this.#endsLine : kept[end - 1] === 0x0a;
    const limit = this.#limitBytes.toLocaleString('en-US');
    return Buffer.concat([
      kept,
      Buffer.from(`${endsLine ? '' : '\n'}[dsage: output capped at ${limit} bytes]\n`),
    ]);
  }
}
