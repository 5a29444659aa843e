import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { DsageError } from '../../model/errors.js';
import { FRAME, FrameReader, FrameWriter, writeBare } from '../child/frames.js';
import type { FrameBody } from '../child/frames.js';
import type { ChildSettings } from '../child/settings.js';
import type { ParentDeath } from './types.js';

const PROGRAM = fileURLToPath(new URL('../child/main.js', import.meta.url));
/** What a dead child wrote is read to the end, unless something still holds its pipes open. */
const DRAIN_MS = 500;
const EXIT_MS = 1000;

export interface TaskChildOptions {
  readonly settings: Pick<ChildSettings, 'directory' | 'workDirectory' | 'coordination'>;
  readonly parentDeath: ParentDeath;
  readonly niceness: number;
  /** Node's heap, MiB; 0 leaves it to Node. */
  readonly heapMb: number;
  readonly nodeArguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** How a child's process ended; `fault` when it could not be started. */
export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly fault?: Error;
}

export interface TaskChildEvents {
  onFrame(type: number, body: FrameBody): void;
  /** What came is no frame, or cannot be read as one; nothing more is read. */
  onNonsense(error: unknown): void;
  /** What the process, or one that it started, wrote to file descriptor 1 or 2. */
  onRawOutput(stderr: boolean, chunk: Buffer): void;
  /** The process is gone, and all it wrote has been given. Called once. */
  onGone(exit: ChildExit): void;
}

/** One child process: how it is started, its pipes, its end. What it says is the slot's business. */
export class TaskChild {
  /** Frames to send; `send` sends them. */
  readonly writer = new FrameWriter();
  readonly directory: string;
  readonly #process: ChildProcess;
  readonly #events: TaskChildEvents;
  readonly #reader = new FrameReader();
  #paused = false;
  #isDeaf = false;
  #exit: ChildExit | undefined;
  #isGone = false;

  constructor(options: TaskChildOptions, events: TaskChildEvents) {
    this.#events = events;
    this.directory = options.settings.directory;
    this.#process = startProcess(options);
    this.#process.on('error', (fault) => this.#ended({ exitCode: null, signal: null, fault }));
    this.#process.on('exit', (exitCode, signal) => this.#ended({ exitCode, signal }));
    this.#process.on('close', () => this.#gone());
    this.#listen();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  send(): void {
    const pipe = this.#process.stdio[3] as Writable | null | undefined;
    const frames = this.writer.take();
    if (pipe?.writable === true) pipe.write(frames);
  }

  /** Sends a signal to the child and all that it has started in its process group. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone already.
    }
  }

  /** Tells an idle child to go, and ends it when it does not. */
  dismiss(): void {
    writeBare(this.writer, FRAME.exit);
    this.send();
    const timer = setTimeout(() => this.signal('SIGKILL'), EXIT_MS);
    this.#process.once('exit', () => clearTimeout(timer));
  }

  /** Lets the reader of one stream rest, so that a flood costs little. */
  restRawOutput(stderr: boolean, ms: number): void {
    const stream = this.#process.stdio[stderr ? 2 : 1] as Readable | null | undefined;
    if (!stream || stream.isPaused()) return;
    stream.pause();
    setTimeout(() => stream.resume(), ms).unref();
  }

  #listen(): void {
    const [, stdout, stderr, commands, frames] = this.#process.stdio;
    stdout?.on('data', (chunk: Buffer) => this.#events.onRawOutput(false, chunk));
    stderr?.on('data', (chunk: Buffer) => this.#events.onRawOutput(true, chunk));
    frames?.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      this.#read();
    });
    // A pipe breaks when its process ends, which is told by the exit.
    for (const stream of [stdout, stderr, commands, frames]) stream?.on('error', () => undefined);
  }

  #read(): void {
    try {
      while (!this.#paused && !this.#isDeaf && this.#reader.next(this.#onFrame));
    } catch (error) {
      // Anything else is not the child's fault.
      if (!(error instanceof DsageError)) throw error;
      this.#isDeaf = true;
      this.#events.onNonsense(error);
    }
  }

  readonly #onFrame = (type: number, body: FrameBody): void => {
    if (type !== FRAME.pause) {
      this.#events.onFrame(type, body);
      return;
    }
    // The first immediate may come before the other pipes were looked at, the second one does not.
    this.#paused = true;
    setImmediate(() => setImmediate(() => this.#resume()));
  };

  #resume(): void {
    this.#paused = false;
    this.#read();
    this.#reportWhenRead();
  }

  #ended(exit: ChildExit): void {
    if (this.#exit !== undefined) return;
    this.#exit = exit;
    // What it has started must not outlive it, nor hold its pipes open.
    this.signal('SIGKILL');
    if (exit.fault !== undefined) this.#gone();
    else setTimeout(() => this.#gone(), DRAIN_MS).unref();
  }

  #gone(): void {
    if (this.#isGone || this.#exit === undefined) return;
    this.#isGone = true;
    for (const stream of this.#process.stdio) stream?.destroy();
    this.#reportWhenRead();
  }

  #reportWhenRead(): void {
    if (this.#isGone && !this.#paused && this.#exit !== undefined) this.#events.onGone(this.#exit);
  }
}

function startProcess(options: TaskChildOptions): ChildProcess {
  const watchdog = options.parentDeath === 'watchdog';
  const settings: ChildSettings = {
    ...options.settings,
    ...{ watchdog, parentPid: process.pid, startDirectory: process.cwd() },
  };
  const node = [
    process.execPath,
    ...(options.heapMb > 0 ? [`--max-old-space-size=${options.heapMb}`] : []),
    ...options.nodeArguments,
    PROGRAM,
    JSON.stringify(settings),
  ];
  const [command = process.execPath, ...args] = watchdog ? node : ['setpriv', '--pdeathsig', 'KILL', ...node];
  const child = spawn(command, args, {
    cwd: settings.directory,
    // Options of this process's own Node are not meant for tasks.
    env: { ...options.environment, NODE_OPTIONS: undefined },
    // Its own process group: it is ended as a whole, and a terminal's Ctrl-C does not reach it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined && options.niceness !== 0) {
    try {
      // At once: the threads that Node starts later inherit it.
      setPriority(child.pid, options.niceness);
    } catch {
      // It ended already, or only root may raise the priority: the task runs as it is.
    }
  }
  return child;
}
