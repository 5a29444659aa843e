import type { OutputPiece } from '../../../model/monitor.js';
import type { OutputChunk } from '../../core/writes.js';

/** Writers whose last character is not complete: more of them write no UTF-8 at all. */
const MOST_OPEN = 1_000;
const CHARACTER_BYTES = 4;

/** Output as text, over any number of calls: chunks end within characters, which are told when they are complete. */
export class TextPieces {
  /** The beginning of a character, by its writer. */
  readonly #open = new Map<string, { readonly chunk: OutputChunk; readonly data: Uint8Array }>();

  /** A piece for each attempt among the chunks. */
  take(chunks: readonly OutputChunk[]): OutputPiece[] {
    return piecesOf(chunks.map((chunk) => ({ chunk, data: this.#complete(chunk) })));
  }

  /** What will never be complete. */
  rest(): OutputPiece[] {
    const left = [...this.#open.values()];
    this.#open.clear();
    return piecesOf(left);
  }

  /** The bytes that are told now: with what was open before, without what is open now. */
  #complete(chunk: OutputChunk): Uint8Array {
    const writer = `${String(chunk.index)}/${String(chunk.attempt)}/${String(chunk.stderr)}`;
    const before = this.#open.get(writer);
    this.#open.delete(writer);
    const data = before === undefined ? chunk.data : Buffer.concat([before.data, chunk.data]);
    const end = data.length - openBytes(data);
    if (end === data.length) return data;
    const oldest = this.#open.keys().next();
    if (this.#open.size >= MOST_OPEN && oldest.done !== true) this.#open.delete(oldest.value);
    this.#open.set(writer, { chunk, data: data.subarray(end) });
    return data.subarray(0, end);
  }
}

function piecesOf(
  parts: readonly { readonly chunk: OutputChunk; readonly data: Uint8Array }[],
): OutputPiece[] {
  const byAttempt = new Map<string, { readonly index: number; readonly attempt: number; text: string }>();
  for (const { chunk, data } of parts) {
    const { index, attempt } = chunk;
    const key = `${String(index)}/${String(attempt)}`;
    const piece = byAttempt.get(key) ?? { index, attempt, text: '' };
    byAttempt.set(key, piece);
    piece.text += Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  }
  return [...byAttempt.values()].filter(({ text }) => text !== '');
}

/** How many bytes at the end begin a character of UTF-8 that goes on behind it. */
function openBytes(data: Uint8Array): number {
  for (let back = 1; back < CHARACTER_BYTES && back <= data.length; back += 1) {
    const byte = data[data.length - back] ?? 0;
    const isWithin = byte >= 0x80 && byte < 0xc0;
    if (!isWithin) return lengthOf(byte) > back ? back : 0;
  }
  return 0;
}

/** Bytes of the character that this one begins. */
function lengthOf(byte: number): number {
  if (byte >= 0xf0) return byte < 0xf8 ? 4 : 1;
  if (byte >= 0xe0) return 3;
  return byte >= 0xc0 ? 2 : 1;
}
