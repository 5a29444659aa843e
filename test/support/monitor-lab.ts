import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type Router from '@koa/router';
import Koa from 'koa';

import { BlobStore } from '#dsage/blobs/blob-store.js';
import { createLog } from '#dsage/log/log.js';
import { DsageError } from '#dsage/model/errors.js';
import type { Identity } from '#dsage/model/user.js';
import { ClientHub } from '#dsage/server/client-hub.js';
import type { Send } from '#dsage/server/core/effects.js';
import { Engine } from '#dsage/server/engine.js';
import { dataRoutes } from '#dsage/server/monitor/data-routes.js';
import type { MonitorServices } from '#dsage/server/monitor/monitor-services.js';
import { LiveView } from '#dsage/server/monitor/view/live-view.js';
import { Vitals } from '#dsage/server/monitor/vitals.js';
import { OutputHub } from '#dsage/server/output-hub.js';
import { Throughput } from '#dsage/server/throughput.js';
import { Users } from '#dsage/server/users.js';
import { Views } from '#dsage/server/views.js';
import { WorkerHub } from '#dsage/server/worker-hub.js';

import { ServerLab } from './server-lab.js';
import { makeTempDir } from './temp-dir.js';

export const ADA: Identity = { role: 'user', name: 'ada', serial: '01' };
export const BOB: Identity = { role: 'user', name: 'bob', serial: '02' };
export const ADMIN: Identity = { role: 'admin', name: 'root', serial: '03' };

/** The monitor's reading routes over HTTP, on a core that the test moves. */
export class MonitorLab {
  readonly lab: ServerLab;
  readonly services: MonitorServices;
  /** Who asks; undefined is nobody who is logged in. */
  caller: Identity | undefined = ADMIN;
  readonly #http: Server;

  private constructor(lab: ServerLab, services: MonitorServices, http: Server) {
    this.lab = lab;
    this.services = services;
    this.#http = http;
  }

  static async start(lab = new ServerLab()): Promise<MonitorLab> {
    for (const { name, role, serial } of [ADA, BOB, ADMIN]) {
      const user = { name, role: role === 'admin' ? role : ('user' as const), enabled: true };
      lab.store.apply([{ type: 'put-user', user: { ...user, createdAtMs: 1, serials: [serial] } }]);
    }
    const services = await servicesOf(lab);
    services.live.start();
    const app = new Koa();
    const http = createServer();
    const monitor = new MonitorLab(lab, services, http);
    app.silent = true;
    app.use(async (ctx, next) => {
      ctx.state['caller'] = monitor.caller;
      try {
        await next();
      } catch (error) {
        if (!(error instanceof DsageError)) throw error;
        ctx.status = 400;
        ctx.body = { error: { code: error.code, message: error.message, hint: error.hint ?? '' } };
      }
    });
    const router: Router = dataRoutes(services);
    app.use(router.routes() as unknown as Koa.Middleware);
    const handle = app.callback();
    // What it is made of counts when it is made.
    http.on('request', (request, response) => void handle(request, response));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return monitor;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}${path}`;
  }

  async get<Answer>(path: string, caller: Identity | undefined = this.caller): Promise<Answer> {
    this.caller = caller;
    const response = await fetch(this.url(path));
    return (await response.json()) as Answer;
  }

  async stop(): Promise<void> {
    this.services.live.stop();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

async function servicesOf(lab: ServerLab): Promise<MonitorServices> {
  const { state, store } = lab;
  const now = () => lab.now;
  const live = new LiveView({ state, store, now });
  const [outputs, throughput] = [new OutputHub(), new Throughput()];
  const deliver = (send: Send) => {
    live.note(send);
    outputs.deliver(send);
  };
  const engine = new Engine({ ...{ state, store, now, deliver }, flush: () => undefined, onFatal: fail });
  lab.onSend = deliver;
  return {
    ...{ engine, live, outputs, throughput, now, views: new Views(state, store) },
    users: new Users(engine, { certificatePem: '', keyPem: '' }),
    clients: new ClientHub(state, store),
    workers: new WorkerHub(state, store, { renewMs: 1_000 }),
    blobs: await BlobStore.open(makeTempDir()),
    log: createLog({ level: 'error', console: false }),
    ...{ startedAtMs: lab.now, cluster: 'lab', webUrl: () => '' },
    createWebLogin: () => '',
    vitals: new Vitals(now, () => undefined),
    ...{ config: {}, address: () => '', storeBytes: () => 0 },
    readOwnLog: () => Promise.resolve([]),
    stopSoon: () => undefined,
    submitted: () => undefined,
  };
}

function fail(error: unknown): void {
  throw error;
}
