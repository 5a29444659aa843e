import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { DsageError } from '../../model/errors.js';
import type { Identity } from '../../model/user.js';
import { createApp } from './app.js';
import { hostCheck, isLoopback, reachableHost } from './access/hosts.js';
import { Logins } from './access/logins.js';
import { Metrics } from './metrics.js';
import type { MonitorServices } from './monitor-services.js';

export interface MonitorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The server's certificate and key: HTTPS with them, unless only this machine can connect. */
  readonly tls: { readonly certificatePem: string; readonly keyPem: string };
  /** Where sessions are kept over a restart. */
  readonly sessionsFile: string;
  /** The overview is open without a login. */
  readonly isPublic: boolean;
  readonly isReady: () => boolean;
  readonly now: () => number;
}

/** The web side of the server: page, API, metrics and health, and the links that open it. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #logins: Logins;
  readonly #isLocal: boolean;
  #http: HttpServer | undefined;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#logins = new Logins(options.sessionsFile, options.now);
    this.#isLocal = isLoopback(options.host);
  }

  /** `http://host:port`, as a browser finds it; empty before `start`. */
  get url(): string {
    const address = this.#http?.address() as AddressInfo | null | undefined;
    if (address === null || address === undefined) return '';
    const port = String(address.port);
    if (this.#isLocal) return `http://${address.address === '::1' ? '[::1]' : 'localhost'}:${port}`;
    return `https://${reachableHost(this.#options.host)}:${port}`;
  }

  /** A link that lets its holder in as the caller, once. */
  createLogin(caller: Identity): string {
    return `${this.url}/login?token=${this.#logins.createToken(caller)}`;
  }

  async start(services: MonitorServices): Promise<void> {
    const { host, port, tls, isPublic, isReady } = this.#options;
    const { certificatePem, keyPem } = tls;
    const http = this.#isLocal ? createServer() : createSecureServer({ cert: certificatePem, key: keyPem });
    await listen(http, host, port);
    this.#http = http;
    const bound = { host, port: (http.address() as AddressInfo).port };
    const app = createApp({
      ...{ services, isPublic, isReady, logins: this.#logins, isLocal: this.#isLocal },
      metrics: new Metrics(services),
      isOurs: hostCheck(bound, this.#isLocal ? '' : certificatePem),
    });
    const handle = app.callback();
    http.on('request', (request, response) => {
      void handle(request, response);
    });
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    const http = this.#http;
    this.#http = undefined;
    if (http === undefined) return;
    this.#logins.close();
    http.closeAllConnections();
    await new Promise<void>((resolve) => {
      http.close(() => {
        resolve();
      });
    });
  }
}

function listen(http: HttpServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('listening', resolve);
    http.once('error', (error: NodeJS.ErrnoException) => {
      reject(listenError(error, host, port));
    });
    http.listen(port, host);
  });
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
