import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

import { dsagePath } from './cli.js';
import { eventually } from './cluster.js';

const WAIT_MS = 30_000;

/** util-linux's `script` gives a program a terminal; elsewhere a program of that name takes other arguments. */
export const hasTerminals = String(spawnSync('script', ['--version']).stdout).includes('util-linux');

/** `dsage` on a terminal of its own. Keys that are typed arrive as they do from a keyboard: Ctrl-C is a signal. */
export class Terminal {
  readonly #child: ChildProcess;
  #screen = '';
  #code: number | null | undefined;

  constructor(
    args: readonly string[],
    {
      directory,
      env: more = {},
    }: { readonly directory: string; readonly env?: Readonly<Record<string, string>> },
  ) {
    const line = [process.execPath, dsagePath, ...args].map(quoted).join(' ');
    const env = { ...process.env, DSAGE_DIR: directory, TERM: 'xterm', SHELL: '/bin/sh', ...more };
    this.#child = spawn('script', ['-qfec', `stty cols 100; exec ${line}`, '/dev/null'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#screen += chunk.toString()));
    this.#child.once('close', (code) => (this.#code = code));
  }

  /** All that was written, one redrawn line a line. */
  get screen(): string {
    // eslint-disable-next-line no-control-regex
    return this.#screen.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '').replace(/\r\n?/g, '\n');
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Waits until this stands on the screen, behind what was there at the last look. */
  async shows(text: RegExp): Promise<void> {
    let seen = '';
    await eventually(`${String(text)} is shown`, () => text.test((seen = this.screen)), WAIT_MS).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}; the screen has:\n${seen}`);
      },
    );
    this.#screen = '';
  }

  /** The exit code, once it has ended. */
  async end(): Promise<number | null> {
    await eventually('the program ends', () => this.#code !== undefined, WAIT_MS);
    return this.#code ?? null;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
