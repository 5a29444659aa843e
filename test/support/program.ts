import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../dist/bin/', import.meta.url));
/** A slow machine with all its cores in use still starts a program in this time. */
const START_MS = 30_000;
const STOP_MS = 10_000;

/** A line that a program printed with --json. */
export type Line = Readonly<Record<string, unknown>> & { readonly event: string };

/** One of dsage's programs as a process of its own, with all that it says: for tests of the programs themselves. */
export class Program {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  /** For messages: what it wrote to stderr. */
  stderr = '';
  readonly exited: Promise<number | string>;
  #wakers: (() => void)[] = [];

  constructor(name: 'dsage-server' | 'dsage-worker', args: readonly string[]) {
    this.child = spawn(process.execPath, [`${bin}${name}.js`, ...args, '--json', '--exit-with-parent'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.child;
    if (!stdout || !stderr) throw new Error('a program without pipes');
    createInterface({ input: stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.#wake();
    });
    stderr.on('data', (data: Buffer) => {
      this.stderr += data.toString();
    });
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        resolve(code ?? signal ?? 'unknown');
        this.#wake();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The first line of that event among those from `from` on; rejects when the program ends before. */
  async line(event: string, from = 0): Promise<Line> {
    const givesUpAt = Date.now() + START_MS;
    for (;;) {
      const found = this.lines.slice(from).find((line) => line.event === event);
      if (found) return found;
      if (!this.isRunning || Date.now() > givesUpAt) {
        throw new Error(`no '${event}' came: ${JSON.stringify(this.lines)} ${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#wakers.push(resolve);
        setTimeout(resolve, 1000);
      });
    }
  }

  /** Asks it to end, and kills it when it does not. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.child.kill('SIGCONT');
    this.child.kill('SIGTERM');
    const killer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(killer);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}
