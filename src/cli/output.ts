import type { OutputPiece } from '../client/follow.js';
import type { Cli } from './cli.js';

export interface CopyOptions {
  /** Aborted when nobody wants more of it. */
  readonly stopped?: AbortSignal;
  /** Everything to stderr: stdout is for something else. */
  readonly toStderr?: boolean;
  /** Says which task a line came from. */
  readonly names?: boolean;
}

/** Copies what tasks write to where it belongs, as it comes. Resolves when there is no more. */
export async function copyOutput(
  cli: Cli,
  pieces: AsyncIterable<OutputPiece>,
  { stopped, toStderr = false, names = false }: CopyOptions = {},
): Promise<void> {
  const lines = new LineStarts();
  try {
    for await (const { index, stderr, text } of pieces) {
      if (stopped?.aborted === true) break;
      const shown = names ? lines.mark(index, text) : text;
      if (stderr || toStderr) cli.io.stderr.write(shown);
      else cli.print(shown);
    }
  } catch (error) {
    // The end of the wait ends the connection too.
    if (stopped?.aborted !== true) throw error;
  }
}

/** Puts `[task] ` in front of every line, and a new line between the pieces of two tasks. */
class LineStarts {
  #last: number | undefined;
  #isOpen = false;

  mark(index: number, text: string): string {
    const isOther = this.#isOpen && this.#last !== index;
    const start = this.#isOpen && !isOther ? '' : `[${String(index)}] `;
    const marked = text.replace(/\n(?=[^])/g, `\n[${String(index)}] `);
    this.#last = index;
    this.#isOpen = !text.endsWith('\n');
    return `${isOther ? '\n' : ''}${start}${marked}`;
  }
}
