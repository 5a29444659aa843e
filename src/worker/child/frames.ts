import { DsageError } from '../../model/errors.js';

/**
 * What a slot and its child say to each other. A frame is the length of what follows it (u32, little
 * endian), its type (u8) and its body. Numbers are little endian; `text` and `bytes` have their length
 * (u32) before them. This file is the only reader and writer of frames; messages.ts knows the bodies.
 */

export const FRAME = {
  // To the child.
  program: 1,
  run: 2,
  revoke: 3,
  abort: 4,
  forget: 5,
  exit: 6,
  // From the child.
  ready: 65,
  ended: 66,
  output: 67,
  revoked: 68,
  log: 69,
  /** What the task wrote to its file descriptors comes first: read those before the next frame. */
  pause: 70,
  /** Nothing more will be started here. */
  retiring: 71,
  progress: 72,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

const HEADER_BYTES = 5;
const INITIAL_BYTES = 16 * 1024;
/** Larger frames are a fault: everything that is large travels as a file. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** Builds frames, one behind the other, in a buffer that is used again after `take`. */
export class FrameWriter {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 0;
  #start = 0;

  get byteLength(): number {
    return this.#length;
  }

  begin(type: FrameType): this {
    this.#reserve(HEADER_BYTES);
    this.#start = this.#length;
    this.#buffer[this.#length + 4] = type;
    this.#length += HEADER_BYTES;
    return this;
  }

  end(): void {
    this.#buffer.writeUInt32LE(this.#length - this.#start - 4, this.#start);
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
    return this;
  }

  f64(value: number): this {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length);
    return this.rest(value);
  }

  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.u32(length);
    this.#reserve(length);
    this.#length += this.#buffer.write(value, this.#length);
    return this;
  }

  /** Bytes up to the end of the frame, with no length of their own. */
  rest(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** A copy of all frames so far; the writer is empty after it. */
  take(): Buffer {
    const taken = Buffer.allocUnsafe(this.#length);
    this.#buffer.copy(taken, 0, 0, this.#length);
    this.clear();
    return taken;
  }

  /** All frames so far, as a view that the next call of the writer makes invalid. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#buffer.length > 64 * INITIAL_BYTES) this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** A frame that has nothing to say but its type. */
export function writeBare(writer: FrameWriter, type: FrameType): void {
  writer.begin(type);
  writer.end();
}

/** Reads the fields of one frame, in their order. What it returns are views of the stream's own chunks. */
export class FrameBody {
  #bytes: Buffer = Buffer.alloc(0);
  #offset = 0;
  #end = 0;

  /** Starts anew on another frame. */
  open(bytes: Buffer, offset: number, end: number): this {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = end;
    return this;
  }

  get atEnd(): boolean {
    return this.#offset >= this.#end;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  f64(): number {
    return this.#bytes.readDoubleLE(this.#skip(8));
  }

  bytes(): Buffer {
    const length = this.u32();
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(): string {
    const length = this.u32();
    const start = this.#skip(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  rest(): Buffer {
    const start = this.#skip(this.#end - this.#offset);
    return this.#bytes.subarray(start, this.#end);
  }

  #skip(count: number): number {
    const start = this.#offset;
    if (start + count > this.#end) {
      throw new DsageError('internal', 'A frame between a slot and its child ends too early.');
    }
    this.#offset = start + count;
    return start;
  }
}

/** Cuts a stream of chunks into frames. A frame that lies in one chunk is not copied. */
export class FrameReader {
  /** Chunks of a frame that is not whole yet, and how many bytes they have. */
  #parts: Buffer[] = [];
  #held = 0;
  #wanted = HEADER_BYTES;
  #chunk: Buffer | undefined;
  #offset = 0;
  readonly #body = new FrameBody();

  /** Gives more of the stream. */
  push(chunk: Buffer): void {
    if (this.#chunk !== undefined && this.#offset < this.#chunk.length) {
      this.#chunk = Buffer.concat([this.#chunk.subarray(this.#offset), chunk]);
      this.#offset = 0;
      return;
    }
    if (this.#held === 0) {
      this.#chunk = chunk;
      this.#offset = 0;
      return;
    }
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return;
    this.#chunk = Buffer.concat(this.#parts, this.#held);
    this.#offset = 0;
    this.#parts = [];
    this.#held = 0;
  }

  /** Calls `onFrame` with the next whole frame; false when there is none yet. */
  next(onFrame: (type: number, body: FrameBody) => void): boolean {
    const chunk = this.#chunk;
    if (chunk === undefined) return false;
    const available = chunk.length - this.#offset;
    const wanted = available < HEADER_BYTES ? HEADER_BYTES : 4 + checkedLength(chunk, this.#offset);
    if (available < wanted) {
      this.#hold(chunk, wanted);
      return false;
    }
    const start = this.#offset;
    this.#offset = start + wanted;
    onFrame(chunk.readUInt8(start + 4), this.#body.open(chunk, start + HEADER_BYTES, this.#offset));
    return true;
  }

  #hold(chunk: Buffer, wanted: number): void {
    this.#chunk = undefined;
    this.#wanted = wanted;
    if (chunk.length === this.#offset) return;
    this.#parts = [chunk.subarray(this.#offset)];
    this.#held = chunk.length - this.#offset;
  }
}

function checkedLength(chunk: Buffer, offset: number): number {
  const length = chunk.readUInt32LE(offset);
  if (length < 1 || length > MAX_FRAME_BYTES) {
    throw new DsageError('internal', `A frame between a slot and its child says it has ${length} bytes.`);
  }
  return length;
}
