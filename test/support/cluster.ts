import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { connect } from '#dsage/client/connect.js';
import type { ConnectOptions, Dsage } from '#dsage/client/connect.js';
import { setup } from '#dsage/deploy/setup.js';

import { makeTempDir } from './temp-dir.js';

export interface ClusterOptions {
  /** How many worker processes; 1 unless given. */
  readonly workers?: number;
  /** Slots of each; 1 unless given. */
  readonly slots?: number;
  readonly serverArgs?: readonly string[];
  readonly workerArgs?: readonly string[];
}

const START_MS = 20_000;
const STOP_MS = 10_000;

/**
 * A real server and real workers in a directory of their own, on free ports. Call `stop()` in an `after` hook:
 * it closes the connections that `connect()` gave and leaves no process behind.
 */
export class Cluster {
  readonly directory: string;
  readonly #options: ClusterOptions;
  readonly #connections: Dsage[] = [];
  server: Running | undefined;
  readonly workers: Running[] = [];

  constructor(directory: string, options: ClusterOptions) {
    this.directory = directory;
    this.#options = options;
  }

  /** `127.0.0.1:port`; the same after a restart. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  #port = 0;

  async startServer(...extra: readonly string[]): Promise<void> {
    const args = ['--directory', this.directory, '--host', '127.0.0.1', '--port', `${this.#port}`];
    this.server = await run(
      'dsage-server',
      [...args, '--web-port', '0', ...(this.#options.serverArgs ?? []), ...extra],
      'listening',
    );
    this.#port = this.server.ready['port'] as number;
  }

  async startWorker(...args: readonly string[]): Promise<Running> {
    const { slots = 1, workerArgs = [] } = this.#options;
    const where = ['--server', this.address, '--directory', this.directory];
    const worker = await run(
      'dsage-worker',
      [...where, '--slots', `${slots}`, ...workerArgs, ...args],
      'registered',
    );
    this.workers.push(worker);
    return worker;
  }

  async connect(options: ConnectOptions = {}): Promise<Dsage> {
    const d = await connect({ server: this.address, directory: this.directory, ...options });
    this.#connections.push(d);
    return d;
  }

  /** Resolves once the server's process is gone. */
  async killServer(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.server?.end(signal);
  }

  /** Starts a server again that was killed, on the same port. */
  async restartServer(...extra: readonly string[]): Promise<void> {
    await this.startServer(...extra);
  }

  /** Ends everything. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.#connections.splice(0).map((d) => d.close({ timeoutMs: 1000 })));
    await Promise.all(this.workers.splice(0).map((worker) => worker.end('SIGTERM')));
    await this.server?.end('SIGTERM');
    this.server = undefined;
  }
}

/** A program of dsage's that has said that it is ready. */
export class Running {
  readonly process: ChildProcess;
  /** The line of JSON that said so. */
  readonly ready: Readonly<Record<string, unknown>>;

  constructor(process: ChildProcess, ready: Readonly<Record<string, unknown>>) {
    this.process = process;
    this.ready = ready;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get #hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Sends a signal and waits for the end; one that takes too long is killed. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#hasEnded) return;
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
    await eventually('the process ends', () => this.#hasEnded, 2 * STOP_MS);
    clearTimeout(timer);
  }
}

/** Sets a directory up and starts a cluster in it. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const directory = makeTempDir();
  await setup({ directory });
  const cluster = new Cluster(directory, options);
  try {
    await cluster.startServer();
    await Promise.all(Array.from({ length: options.workers ?? 1 }, () => cluster.startWorker()));
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

/** Waits for a condition, asking again every 10 ms. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function run(program: string, args: readonly string[], readyEvent: string): Promise<Running> {
  const path = fileURLToPath(import.meta.resolve(`#dsage/bin/${program}.js`));
  const child = spawn(process.execPath, [path, ...args, '--json', '--exit-with-parent'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ready = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`${program} ${why}\n${errors}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${START_MS} ms`), START_MS);
    child.once('exit', (code, signal) => fail(`ended with ${code ?? signal} before it was ready`));
    createInterface(child.stdout).on('line', (line) => {
      const said = parse(line);
      if (said['event'] !== readyEvent) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve(said);
    });
  });
  return new Running(child, ready);
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
