import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

import type { FrameBody } from './frames.js';
import { FrameReader, FrameWriter } from './frames.js';

const COMMANDS_FD = 3;
const FRAMES_FD = 4;
const RETRY_MS = 1;

/**
 * The child's two pipes to its slot. What is flushed is on its way when `flush` returns, so that it arrives
 * even if the next thing a task does is to end the process.
 */
export class Channel {
  readonly writer = new FrameWriter();
  readonly #reader = new FrameReader();

  /** Reads commands for as long as the slot lives; without a slot this process ends. */
  listen(onFrame: (type: number, body: FrameBody) => void): void {
    const commands = new Socket({ fd: COMMANDS_FD, readable: true, writable: false });
    commands.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      while (this.#reader.next(onFrame));
    });
    commands.on('end', endProcessGroup);
    commands.on('error', endProcessGroup);
  }

  flush(): void {
    const bytes = this.writer.view();
    let offset = 0;
    while (offset < bytes.length) offset += writeSome(bytes, offset);
    this.writer.clear();
  }
}

function writeSome(bytes: Buffer, offset: number): number {
  try {
    return writeSync(FRAMES_FD, bytes, offset, bytes.length - offset);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The pipe blocks unless a task has changed it; then it is tried again until there is room.
    if (code === 'EAGAIN') {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      return 0;
    }
    // Nobody listens any more. What a task's own fault did to the pipe ends it as well.
    endProcessGroup();
    return 0;
  }
}

/** The child leads its process group: what the tasks have started ends with it. */
export function endProcessGroup(): void {
  process.kill(-process.pid, 'SIGKILL');
}
