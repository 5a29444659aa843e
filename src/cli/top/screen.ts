const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const USUAL_COLUMNS = 80;
const USUAL_LINES = 24;
const CTRL_C = '\u0003';

/** The alternate screen of a terminal: what stood there before comes back at the end, whatever was drawn. */
export class Screen {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stdin: NodeJS.ReadStream;
  #isOpen = false;
  #onKey: ((chunk: Buffer) => void) | undefined;
  #onResize: (() => void) | undefined;

  constructor({ stdout, stdin }: { readonly stdout: NodeJS.WriteStream; readonly stdin: NodeJS.ReadStream }) {
    this.#stdout = stdout;
    this.#stdin = stdin;
  }

  get width(): number {
    return this.#stdout.columns || USUAL_COLUMNS;
  }

  get height(): number {
    return this.#stdout.rows || USUAL_LINES;
  }

  /** `leaves` is called for q and Ctrl-C, which is a key and no signal while keys come one by one. */
  open({ leaves, resized }: { readonly leaves: () => void; readonly resized: () => void }): void {
    this.#isOpen = true;
    this.#onKey = (chunk) => {
      const keys = chunk.toString();
      if (/^q/i.test(keys) || keys.includes(CTRL_C)) leaves();
    };
    this.#onResize = resized;
    if (this.#stdin.isTTY) {
      this.#stdin.setRawMode(true);
      this.#stdin.on('data', this.#onKey);
    }
    this.#stdout.on('resize', this.#onResize);
    this.#stdout.write(ENTER);
  }

  /** Over what is there, line by line: clearing first would flicker. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const body = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n');
    this.#stdout.write(`${HOME}${body}${CLEAR_BELOW}`);
  }

  /** Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#onResize !== undefined) this.#stdout.off('resize', this.#onResize);
    if (this.#stdin.isTTY) {
      if (this.#onKey !== undefined) this.#stdin.off('data', this.#onKey);
      this.#stdin.setRawMode(false);
      this.#stdin.pause();
    }
    this.#stdout.write(LEAVE);
  }
}
