import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { setup } from '#dsage/deploy/setup.js';

import { programPath, root } from '../support/paths.js';
import { Program } from '../support/program.js';

export interface ClusterOptions {
  /** 2 unless given, with one slot each, as `dsage.startAll()` starts them. */
  readonly workers?: number;
  /** Added to the environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** dsage as its users run it: server and workers as processes, mutual TLS, LMDB, in a fresh directory. */
export class Cluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  readonly workers: Program[] = [];
  readonly #options: ClusterOptions;
  readonly #clients: Program[] = [];
  #server: Program | undefined;
  #port = 0;

  private constructor(options: ClusterOptions) {
    this.#options = options;
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(options);
    try {
      await setup({ directory: cluster.directory, user: 'bench' });
      await cluster.startServer();
      await cluster.startWorkers(options.workers ?? 2);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get server(): Program {
    if (this.#server === undefined) throw new Error('the server has not been started');
    return this.#server;
  }

  /** HOST:PORT. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts a server, on the port of the one before it, and waits until it listens. */
  async startServer(): Promise<void> {
    const ports = ['--host', '127.0.0.1', '--port', String(this.#port), '--web-port', '0'];
    this.#server = this.#dsage('dsage-server', ports);
    this.#port = Number((await this.#server.line('listening'))['port']);
  }

  async startWorkers(count: number): Promise<void> {
    const starting = Array.from({ length: count }, () =>
      this.#dsage('dsage-worker', ['--server', this.address, '--slots', '1']),
    );
    this.workers.push(...starting);
    await Promise.all(starting.map((worker) => worker.line('registered')));
  }

  /** A program of bench/programs that uses this cluster; it gets `server` and `directory` with its configuration. */
  async startClient(name: string, configuration: Readonly<Record<string, unknown>> = {}): Promise<Program> {
    const given = { server: this.address, directory: this.directory, ...configuration };
    const client = new Program({
      name,
      command: process.execPath,
      args: [programPath(name), JSON.stringify(given)],
      env: this.#options.env ?? {},
    });
    this.#clients.push(client);
    await client.line('ready');
    return client;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.stop()));
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.#server?.stop();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #dsage(name: 'dsage-server' | 'dsage-worker', args: readonly string[]): Program {
    const file = join(root, 'dist', 'bin', `${name}.js`);
    const common = ['--directory', this.directory, '--json', '--exit-with-parent'];
    return new Program({
      name,
      command: process.execPath,
      args: [file, ...common, ...args],
      env: this.#options.env ?? {},
    });
  }
}
