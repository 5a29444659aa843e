import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { DsageError } from '../model/errors.js';
import { fromProblem } from '../wire/errors.js';
import { type Console, FileConsole, pause, PipeConsole, POLL_MS } from './console.js';
import { isAlive } from './run-file.js';

export interface ProgramOptions {
  readonly program: 'dsage-server' | 'dsage-worker';
  readonly args: readonly string[];
  /** The `event` of the JSON line on stdout that says that it is ready. */
  readonly readyEvent: string;
  /** Whether it goes on when this process ends; else it ends too, whatever ends this process. */
  readonly keep: boolean;
  /** How long it may take until it is ready. */
  readonly timeoutMs?: number;
}

/** A JSON line that a program printed. */
export interface ReadyLine {
  readonly event: string;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly port?: number;
  readonly webPort?: number;
  readonly webUrl?: string;
  /** The server's number for a worker. */
  readonly worker?: number;
}

export interface StopOptions {
  /** How long what runs may take to end by itself; it is stopped then, and runs again later. 10 s unless given. */
  readonly graceMs?: number;
}

const START_TIMEOUT_MS = 20_000;
const GRACE_MS = 10_000;
/** After the second request to stop a program has this long before it is killed. */
const LAST_GRACE_MS = 3_000;
/** So many of the last lines of stderr are shown when a program does not start. */
const SHOWN_LINES = 12;

const binFolder = fileURLToPath(new URL('../bin/', import.meta.url));

/**
 * A dsage program that this process started. It is run with this Node and from this installation, whatever
 * the PATH says. A child that is not kept ends with this process: it watches the end of its stdin.
 */
export class Program {
  readonly pid: number;
  readonly ready: ReadyLine;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #stopping: Promise<void> | undefined;

  private constructor(child: ChildProcess, ended: Promise<void>, ready: ReadyLine) {
    this.pid = child.pid ?? 0;
    this.ready = ready;
    this.#child = child;
    this.#ended = ended;
  }

  /** Resolves when the program says that it is ready. Throws `setup` with its last lines of stderr when it ends first, or takes too long. */
  static async start(options: ProgramOptions): Promise<Program> {
    const console = options.keep ? await FileConsole.open() : new PipeConsole();
    const child = spawnProgram(options, console);
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    try {
      console.attach(child);
      const ready = await waitUntilReady(options, { child, ended, console });
      letGo(child);
      return new Program(child, ended, ready);
    } finally {
      console.detach();
    }
  }

  get isRunning(): boolean {
    return !hasEnded(this.#child);
  }

  /** Resolves when the process is gone. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Asks it to drain and end; asks again, firmly, when that takes longer than `graceMs`; kills it last. Idempotent. */
  stop({ graceMs = GRACE_MS }: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    if (!this.isRunning) return;
    this.#child.ref();
    for (const [signal, patienceMs] of [
      ['SIGTERM', graceMs],
      ['SIGTERM', LAST_GRACE_MS],
      ['SIGKILL', LAST_GRACE_MS],
    ] as const) {
      this.#child.kill(signal);
      if (await endsWithin(this.#ended, patienceMs)) return;
    }
  }
}

/** Resolves when no process has that number any more; false when that takes longer. */
export async function processEnds(pid: number, timeoutMs: number): Promise<boolean> {
  const givesUpAt = Date.now() + timeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > givesUpAt) return false;
    await pause(POLL_MS);
  }
  return true;
}

function spawnProgram({ program, args, keep }: ProgramOptions, console: Console): ChildProcess {
  const parentArgs = keep ? [] : ['--exit-with-parent'];
  const commandLine = [join(binFolder, `${program}.js`), ...args, '--json', ...parentArgs];
  return spawn(process.execPath, commandLine, {
    stdio: [keep ? 'ignore' : 'pipe', ...console.stdio],
    // A session of its own: neither Ctrl-C nor the end of the terminal reaches it. Those who started it
    // stop it in order, workers before the server.
    detached: true,
  });
}

async function waitUntilReady(
  { program, readyEvent, timeoutMs = START_TIMEOUT_MS }: ProgramOptions,
  { child, ended, console }: { child: ChildProcess; ended: Promise<void>; console: Console },
): Promise<ReadyLine> {
  const givesUpAt = Date.now() + timeoutMs;
  while (true) {
    // Asked before the output is read: what a program wrote before its end counts.
    const isOver = hasEnded(child);
    const lines = eventsOf(console.stdout());
    const ready = lines.find(({ event }) => event === readyEvent);
    if (ready !== undefined) return ready;
    if (isOver) throw notStarted(program, child, { lines, stderr: console.stderr() });
    if (Date.now() > givesUpAt) {
      child.kill('SIGKILL');
      throw tooSlow(program, timeoutMs, { lines, stderr: console.stderr() });
    }
    await Promise.race([console.changed(), ended, pause(POLL_MS * 10)]);
  }
}

interface Said {
  readonly lines: readonly ReadyLine[];
  readonly stderr: string;
}

function notStarted(program: string, child: ChildProcess, { lines, stderr }: Said): DsageError {
  const last = lines.at(-1);
  // A program that says why it ends needs no introduction.
  if (last?.message !== undefined && (last.event === 'failed' || last.event === 'refused')) {
    const { code = 'setup', message, hint = '' } = last;
    return fromProblem({ code, message, hint });
  }
  // One line of ours on stderr explains itself just as well.
  const [, reason] = new RegExp(`^${program}: (.+)$`).exec(stderr.trim()) ?? [];
  if (reason !== undefined) return new DsageError('setup', reason);
  if (program === 'dsage-server' && child.signalCode !== null && CRASHES.has(child.signalCode)) {
    return crashed(child.signalCode, child.spawnargs);
  }
  const how =
    child.signalCode === null ? `exit code ${String(child.exitCode)}` : `signal ${child.signalCode}`;
  return new DsageError('setup', `${program} ended with ${how} before it was ready.${shownTail(stderr)}`);
}

/** LMDB reads its file as memory: what is damaged in the middle of it ends the process that touches it. */
const CRASHES: ReadonlySet<NodeJS.Signals> = new Set(['SIGBUS', 'SIGSEGV', 'SIGABRT']);

function crashed(signal: NodeJS.Signals, args: readonly string[]): DsageError {
  const directory = args[args.indexOf('--directory') + 1] ?? '';
  const what = `dsage-server was ended by ${signal} while it opened the database in ${directory}/db, which must be damaged.`;
  return new DsageError('setup', what, {
    hint: 'Put a backup in its place, or move db away and start again: jobs that were in it are gone then.',
  });
}

function tooSlow(program: string, timeoutMs: number, { lines, stderr }: Said): DsageError {
  const last = lines.at(-1)?.message;
  const what = `${program} was not ready after ${String(timeoutMs / 1000)} s.`;
  return new DsageError('setup', last === undefined ? `${what}${shownTail(stderr)}` : `${what} ${last}`);
}

function shownTail(text: string): string {
  const lines = text.trim().split('\n').slice(-SHOWN_LINES);
  return lines.join('') === '' ? '' : `\n${lines.join('\n')}`;
}

function eventsOf(text: string): ReadyLine[] {
  // Only whole lines: the rest of the last one may be on its way.
  const lines = text.split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as ReadyLine);
}

/** Ended, or never started. */
function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

/** A started program does not keep this process alive: `d` does that, or whatever else there is to do. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    (stream as { unref?: () => void } | null)?.unref?.();
    // Nobody reads on, but a full pipe would stop the program.
    if (stream !== null && 'resume' in stream) stream.resume();
  }
}

async function endsWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
