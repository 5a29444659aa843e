import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import Koa from 'koa';

import type { Logger } from '../../log/log.js';
import { DsageError } from '../../model/errors.js';
import { packageVersion } from '../../wire/hello.js';

export interface MonitorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly log: Logger;
  readonly isReady: () => boolean;
}

/** The web side of the server: so far its health, for people and for programs that watch it. */
export class Monitor {
  readonly #options: MonitorOptions;
  #http: HttpServer | undefined;

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** `http://host:port`, empty before `start`. */
  get url(): string {
    const address = this.#http?.address() as AddressInfo | null | undefined;
    if (address === null || address === undefined) return '';
    const host =
      address.address === '127.0.0.1' || address.address === '0.0.0.0' ? 'localhost' : address.address;
    return `http://${host.includes(':') ? `[${host}]` : host}:${String(address.port)}`;
  }

  async start(): Promise<void> {
    const { host, port, log, isReady } = this.#options;
    const app = new Koa();
    app.silent = true;
    app.on('error', (error: unknown) => log.warn('a web request failed', { error }));
    app.use((context) => {
      context.set('Cache-Control', 'no-store');
      if (context.path === '/healthz') context.body = { status: 'ok' };
      else if (context.path === '/readyz') {
        context.status = isReady() ? 200 : 503;
        context.body = { status: isReady() ? 'ready' : 'starting' };
      } else if (context.path === '/') {
        context.type = 'text/plain; charset=utf-8';
        context.body = `dsage ${packageVersion()} runs here.\nHealth: /healthz and /readyz. Jobs and workers: \`dsage jobs\`, \`dsage workers\`.\n`;
      }
    });
    this.#http = await new Promise<HttpServer>((resolve, reject) => {
      const http = app.listen(port, host);
      http.once('listening', () => {
        resolve(http);
      });
      http.once('error', (error: NodeJS.ErrnoException) => {
        reject(listenError(error, host, port));
      });
    });
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    const http = this.#http;
    this.#http = undefined;
    if (http === undefined) return;
    http.closeAllConnections();
    await new Promise<void>((resolve) => {
      http.close(() => {
        resolve();
      });
    });
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): DsageError {
  if (error.code === 'EADDRINUSE') {
    return new DsageError('setup', `The monitor's port ${String(port)} on ${host} is in use.`, {
      hint: 'Stop what uses it (`dsage stop`, if it is a dsage server), or take another: --web-port PORT, or 0 for any.',
      cause: error,
    });
  }
  return new DsageError('setup', `The monitor cannot listen on ${host}:${String(port)}: ${error.message}.`, {
    hint: 'Choose another with --web-host and --web-port.',
    cause: error,
  });
}
