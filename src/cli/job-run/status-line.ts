import { Console } from 'node:console';
import { Writable } from 'node:stream';

const CLEAR = '\r\u001b[K';

/** One line at the end of a terminal that is written again and again. What others print goes above it. */
export class StatusLine {
  readonly #stream: NodeJS.WriteStream;
  #shown = '';

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  get width(): number {
    return this.#stream.columns || 80;
  }

  show(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    this.#stream.write(`\r${text}\u001b[K`);
  }

  /** Lets the line stand as it is; the next one begins below it. */
  leave(): void {
    if (this.#shown !== '') this.#stream.write('\n');
    this.#shown = '';
  }

  /** A console for code that knows nothing of the line. */
  consoleAbove(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Console {
    const above = (stream: NodeJS.WriteStream): Writable =>
      new Writable({
        write: (chunk: Buffer, _, done) => {
          if (this.#shown !== '') this.#stream.write(CLEAR);
          stream.write(chunk);
          if (this.#shown !== '') this.#stream.write(this.#shown);
          done();
        },
      });
    return new Console({ stdout: above(stdout), stderr: above(stderr), colorMode: stdout.isTTY });
  }
}
