import { Console } from 'node:console';

import type { Cli } from '../cli.js';
import { barLine, plainLine, type RunView } from '../format/run-progress.js';
import { StatusLine } from './status-line.js';

const FRAME_MS = 100;
const LINE_EVERY_MS = 5_000;

/** Shows how far a job is, until it is stopped. What the job's own code prints does not get into its way. */
export interface Display {
  start(): void;
  /** Shows a question in its place; `start` goes on. */
  ask(question: string): void;
  /** Leaves what it shows as it is. Idempotent. */
  stop(): void;
}

/** A bar on a terminal, a line now and then elsewhere, nothing where JSON is asked for. */
export function displayFor(cli: Cli, view: () => RunView): Display {
  const { stdout, stderr } = cli.io;
  if (cli.json) return new Silence(stderr);
  const isTerminal = 'isTTY' in stderr && stderr.isTTY && cli.io.env['TERM'] !== 'dumb';
  return isTerminal
    ? new Bar(new StatusLine(stderr), view, { stdout, stderr })
    : new Lines((text) => cli.note(text), view);
}

class Bar implements Display {
  readonly #line: StatusLine;
  readonly #view: () => RunView;
  readonly #console: Console;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    line: StatusLine,
    view: () => RunView,
    { stdout, stderr }: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  ) {
    this.#line = line;
    this.#view = view;
    this.#console = line.consoleAbove(stdout, stderr);
  }

  start(): void {
    globalThis.console = this.#console;
    this.#timer ??= setInterval(() => this.#draw(), FRAME_MS);
    this.#draw();
  }

  ask(question: string): void {
    this.stop();
    this.#line.show(question);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#draw();
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#line.leave();
  }

  #draw(): void {
    this.#line.show(barLine(this.#view(), this.#line.width));
  }
}

/** The first line as soon as the job has its number, for whoever wants to find it again. */
class Lines implements Display {
  readonly #print: (text: string) => void;
  readonly #view: () => RunView;
  #timer: NodeJS.Timeout | undefined;
  #last = '';
  #nextMs = 0;

  constructor(print: (text: string) => void, view: () => RunView) {
    this.#print = print;
    this.#view = view;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#show(performance.now()), FRAME_MS);
  }

  ask(question: string): void {
    this.stop();
    this.#print(question);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #show(nowMs: number): void {
    const view = this.#view();
    if (view.id === undefined || nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + LINE_EVERY_MS;
    const text = plainLine(view);
    if (text !== this.#last) this.#print(text);
    this.#last = text;
  }
}

/** The only thing on stdout is to be the document. */
class Silence implements Display {
  readonly #stderr: NodeJS.WriteStream;

  constructor(stderr: NodeJS.WriteStream) {
    this.#stderr = stderr;
  }

  start(): void {
    globalThis.console = new Console({ stdout: this.#stderr, stderr: this.#stderr });
  }

  ask(): void {
    // Nothing is shown, and nobody is asked.
  }

  stop(): void {
    // Nothing is shown.
  }
}
