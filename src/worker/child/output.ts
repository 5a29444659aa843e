import { Writable } from 'node:stream';

import type { Channel } from './channel.js';
import { writeOutput } from './messages.js';

/** Single writes that are sent at once, before they are gathered; some more every second. */
const BURST = 200;
const BURST_PER_MS = 1;
const GATHER_BYTES = 16 * 1024;
const GATHER_MS = 50;
const TAIL_BYTES = 2048;

/**
 * Takes what tasks write through `console`, `process.stdout` and `process.stderr` to the slot. A write is
 * sent at once, so that the last line is known of a task that then crashes or spins; only a flood is
 * gathered. Beyond its limit a task's output costs next to nothing.
 */
export class TaskOutput {
  readonly #channel: Channel;
  #ticket = 0;
  #left = 0;
  #stderr = false;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #tokens = BURST;
  #sentAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Replaces the two streams of this process; `console` takes them up at its first use. */
  install(): void {
    for (const [name, stderr] of [['stdout', false] as const, ['stderr', true] as const]) {
      const stream = new TaskStream((bytes) => this.#write(stderr, bytes), stderr ? 2 : 1);
      Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true });
    }
  }

  /** What is written from now on is this task's. One byte more than the limit is let through: the slot cuts. */
  begin(ticket: number, limitBytes: number): void {
    this.#ticket = ticket;
    this.#left = limitBytes + 1;
    if (this.#tailBytes > 0) {
      this.#tail = [];
      this.#tailBytes = 0;
    }
  }

  /** Puts what was gathered among the frames to send. */
  gather(): void {
    if (this.#pieceBytes === 0) return;
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    writeOutput(this.#channel.writer, this.#ticket, this.#stderr, bytes);
    this.#pieces = [];
    this.#pieceBytes = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The last lines that the current task wrote, for its Failure. */
  tail(): string | undefined {
    if (this.#tailBytes === 0) return undefined;
    return Buffer.concat(this.#tail).subarray(-TAIL_BYTES).toString().trimEnd();
  }

  #write(stderr: boolean, bytes: Uint8Array | (() => Uint8Array)): void {
    if (this.#left <= 0) return;
    // A copy: the task may go on using its own bytes.
    const all = Buffer.from(typeof bytes === 'function' ? bytes() : bytes);
    if (all.length === 0) return;
    const piece = all.subarray(0, this.#left);
    this.#left -= piece.length;
    if (stderr !== this.#stderr) {
      this.gather();
      this.#stderr = stderr;
    }
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
    this.#keepTail(piece);
    this.#sendOrWait();
  }

  #sendOrWait(): void {
    const now = performance.now();
    const pause = now - this.#sentAtMs;
    this.#tokens = Math.min(BURST, this.#tokens + pause * BURST_PER_MS);
    if (this.#tokens >= 1 || this.#pieceBytes >= GATHER_BYTES || pause >= GATHER_MS) {
      this.#tokens = Math.max(0, this.#tokens - 1);
      this.#sentAtMs = now;
      this.gather();
      this.#channel.flush();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.gather();
      this.#channel.flush();
    }, GATHER_MS).unref();
  }

  #keepTail(piece: Buffer): void {
    this.#tail.push(piece);
    this.#tailBytes += piece.length;
    if (this.#tailBytes < 4 * TAIL_BYTES) return;
    this.#tail = [Buffer.concat(this.#tail).subarray(-TAIL_BYTES)];
    this.#tailBytes = TAIL_BYTES;
  }
}

type Bytes = Uint8Array | (() => Uint8Array);
type Done = (error?: Error | null) => void;

/** Looks like the stream of a file descriptor, and never waits. */
class TaskStream extends Writable {
  readonly fd: number;
  readonly isTTY = false;
  readonly #take: (bytes: Bytes) => void;

  constructor(take: (bytes: Bytes) => void, fd: number) {
    super({ decodeStrings: true });
    this.#take = take;
    this.fd = fd;
  }

  /** The short way: no queue, since every write is taken at once. */
  override write(chunk: unknown, encodingOrDone?: BufferEncoding | Done, done?: Done): boolean {
    const encoding = typeof encodingOrDone === 'string' ? encodingOrDone : 'utf8';
    if (typeof chunk === 'string') this.#take(() => Buffer.from(chunk, encoding));
    else if (chunk instanceof Uint8Array) this.#take(chunk);
    // What cannot be written gets the usual error.
    else return super.write(chunk, encoding);
    const callback = typeof encodingOrDone === 'function' ? encodingOrDone : done;
    if (callback !== undefined) process.nextTick(callback);
    return true;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#take(chunk);
    done();
  }

  /** As with Node's own, a task cannot close them. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    done(error);
  }
}
