import { inspect } from 'node:util';

import type { Dsage } from '../client/connect.js';
import { clusterDirectory } from '../security/directory.js';
import { type Io, type Look, lookOf } from './io.js';

/** Options that every command takes. */
export interface Globals {
  readonly directory?: string;
  readonly server?: string;
  readonly json?: boolean;
}

/** Where a server is looked for when nothing says that there is one. */
const USUAL_ADDRESS = '127.0.0.1';
const CONNECT_TIMEOUT_MS = 5_000;
/** That nobody is there is the likeliest then, and people wait for the answer. */
const GUESS_TIMEOUT_MS = 1_500;

/** What the commands stand on: where the cluster is, and where to write. */
export class Cli {
  readonly io: Io;
  readonly json: boolean;
  readonly directory: string;
  readonly look: Look;
  readonly #server: string | undefined;

  constructor(io: Io, globals: Globals) {
    this.io = io;
    this.json = globals.json ?? false;
    this.directory = clusterDirectory(globals.directory);
    this.look = lookOf(io.stdout, io.env);
    this.#server = globals.server ?? nonEmpty(io.env['DSAGE_SERVER']);
  }

  /** What was asked for: to stdout. */
  print(text: string): void {
    this.io.stdout.write(text);
  }

  printLine(text: string): void {
    this.print(`${text}\n`);
  }

  /** One JSON document on stdout, for programs. */
  printJson(value: unknown): void {
    this.printLine(JSON.stringify(value, undefined, 2));
  }

  /** What people are told beside it: to stderr. */
  note(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  /** A value as JavaScript shows it: 123n for a BigInt, 25/3 for a fraction. */
  printValue(value: unknown): void {
    const { colors } = this.look;
    this.printLine(
      inspect(value, { colors, depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity }),
    );
  }

  /** A server was named, by option or environment. */
  get namesServer(): boolean {
    return this.#server !== undefined;
  }

  /** The server that was named, else the one that runs on the directory, else the usual port on this machine. */
  async serverAddress(): Promise<string> {
    if (this.#server !== undefined) return this.#server;
    const { localAddress, runningServer } = await import('../deploy/run-file.js');
    const running = runningServer(this.directory);
    return running === undefined ? USUAL_ADDRESS : localAddress(running.host, running.port);
  }

  async connect(): Promise<Dsage> {
    const [{ connect }, server] = await Promise.all([import('../client/connect.js'), this.serverAddress()]);
    const connectTimeoutMs = server === USUAL_ADDRESS ? GUESS_TIMEOUT_MS : CONNECT_TIMEOUT_MS;
    return connect({ server, directory: this.directory, connectTimeoutMs });
  }

  /** Connects, does it, and closes the connection whatever happens. */
  async withServer<T>(use: (d: Dsage) => Promise<T>): Promise<T> {
    const d = await this.connect();
    try {
      return await use(d);
    } finally {
      await d.close();
    }
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
