import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A JSON object that a program printed as a line on stdout. */
export type Line = Readonly<Record<string, unknown>> & { readonly event: string };

export interface ProgramOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const START_MS = 60_000;
const STOP_MS = 15_000;
const SHOWN_CHARACTERS = 2_000;

const running = new Set<ChildProcess>();

// Nothing is left behind, however this process ends; what is killed outright ends its children by their stdin.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process that prints JSON lines on stdout, and takes commands as JSON lines on stdin. It ends when stdin does. */
export class Program {
  readonly name: string;
  readonly child: ChildProcess;
  readonly #lines: Line[] = [];
  readonly #exited: Promise<void>;
  #stderr = '';
  #wake: () => void = () => undefined;

  constructor({ name, command, args, env = {}, cwd }: ProgramOptions) {
    this.name = name;
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.child = child;
    running.add(child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      this.#lines.push(JSON.parse(line) as Line);
      this.#wake();
    });
    child.stderr.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString()).slice(-SHOWN_CHARACTERS);
    });
    // A program that has ended takes no more commands; its exit says so.
    child.stdin.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      const end = (): void => {
        running.delete(child);
        resolve();
        this.#wake();
      };
      child.once('exit', end);
      child.once('error', (error) => {
        this.#stderr += error.message;
        end();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return running.has(this.child);
  }

  /** Takes the next line with that event, and drops those before it. Rejects when the program ends first or is late. */
  async line(event: string, timeoutMs = START_MS): Promise<Line> {
    const givesUpAt = Date.now() + timeoutMs;
    while (true) {
      const place = this.#lines.findIndex((line) => line.event === event || line.event === 'failed');
      const line = this.#lines.splice(0, place + 1).at(-1);
      if (line?.event === event) return line;
      if (line !== undefined) throw new Error(`${this.name} failed: ${String(line['message'])}`);
      if (!this.isRunning) throw new Error(`${this.name} ended without '${event}': ${this.#stderr}`);
      if (Date.now() > givesUpAt) throw new Error(`${this.name} did not say '${event}': ${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 1000).unref();
      });
    }
  }

  /** Gives a command and waits for its `done`. One at a time. */
  async ask(command: Readonly<Record<string, unknown>>, timeoutMs = 600_000): Promise<Line> {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    return this.line('done', timeoutMs);
  }

  /** Asks the process to end, and kills it when it does not. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    const killer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    this.child.kill(signal);
    await this.#exited;
    clearTimeout(killer);
  }
}
