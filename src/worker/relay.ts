import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

import type { TlsPems } from '../wire/credentials.js';
import { tlsOptions } from '../wire/credentials.js';

export interface RelayOptions {
  /** `host:port` of the server. */
  readonly server: string;
  readonly pems: TlsPems;
}

/**
 * The way of this worker's coordinators to the server: a socket in the file system that only this user can open,
 * and behind it, for each connection, one to the server with the worker's certificate. Which lease a call is made
 * under it says itself; the server checks that.
 */
export class Relay {
  /** Sockets in the file system have short paths: the task folders' may be too long. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'dsage-'));
  readonly path = join(this.#folder, 'server');
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#join(socket));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.path, resolve);
    });
    chmodSync(this.path, 0o600);
  }

  /** Idempotent. */
  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What breaks on one side breaks on the other: gRPC connects again. */
  #join(near: Socket): void {
    const far = connect(tlsOptions(this.#options.server, this.#options.pems));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
