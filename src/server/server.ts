import { existsSync } from 'node:fs';

import * as grpc from '@grpc/grpc-js';

import { BlobStore } from '../blobs/blob-store.js';
import { closeLog, createLog, type Logger } from '../log/log.js';
import { readTail } from '../log/tail.js';
import { DsageError, messageOf } from '../model/errors.js';
import { clusterPaths } from '../security/paths.js';
import { ensureServerFiles, type ServerFiles } from './files.js';
import { ClusterServerCredentials, SERVER_OPTIONS } from '../wire/credentials.js';
import { encodeValue } from '../wire/codec.js';
import { packageVersion } from '../wire/hello.js';
import { inlinePayload } from '../wire/payload.js';
import { writeAnswerRecord } from '../wire/packed.js';
import { ClientServiceService } from '../wire/gen/dsage/v1/client.js';
import { ServerServiceService } from '../wire/gen/dsage/v1/server.js';
import { WorkerServiceService } from '../wire/gen/dsage/v1/worker.js';
import { addHealth, type Health } from '../wire/health.js';
import { addReflection } from '../wire/reflection.js';
import { ClientHub } from './client-hub.js';
import type { Config } from './core/state.js';
import { Engine } from './engine.js';
import { failureMessage } from './failure-message.js';
import { FailureLog } from './failure-log.js';
import { Housekeeping } from './housekeeping.js';
import { reachableHost, urlHost } from './monitor/access/hosts.js';
import { Monitor } from './monitor/monitor.js';
import type { MonitorServices } from './monitor/monitor-services.js';
import { Vitals } from './monitor/vitals.js';
import { LiveView } from './monitor/view/live-view.js';
import { SERVER_DEFAULTS, type ServerOptions } from './options.js';
import { OutputHub } from './output-hub.js';
import { restore } from './restore.js';
import { accessInterceptor } from './services/access.js';
import { clientService } from './services/client-service.js';
import { serverService } from './services/server-service.js';
import type { Services } from './services/services.js';
import { workerService } from './services/worker-service.js';
import { LmdbStore } from './store/lmdb.js';
import type { Store } from './store/store.js';
import { Throughput } from './throughput.js';
import { Users } from './users.js';
import { Views } from './views.js';
import { WorkerHub } from './worker-hub.js';

const RENEWS_PER_LEASE = 5;
const TICK_MS = 1_000;
/** How long workers may take to finish what they run when they are stopped with the server. */
const DRAIN_WORKERS_MS = 30_000;
const SHUTDOWN_MS = 2_000;

/** The server: keys, store, engine, gRPC and monitor, in the order in which they start. */
export class Server {
  readonly #options: Required<ServerOptions>;
  readonly #onFatal: (error: unknown) => void;
  readonly #log: Logger;
  readonly #grpc: { server: grpc.Server | undefined; health: Health | undefined } = {
    server: undefined,
    health: undefined,
  };
  #parts:
    | {
        engine: Engine;
        store: Store;
        services: MonitorServices;
        housekeeping: Housekeeping;
        monitor: Monitor;
      }
    | undefined;
  #port = 0;
  #resolveStopped: () => void = () => undefined;
  /** Resolves once the server has stopped, whoever asked for it. */
  readonly stopped = new Promise<void>((resolve) => (this.#resolveStopped = resolve));
  #stopping: Promise<void> | undefined;

  /** @param onFatal called when nothing more can be promised; the process must end then (`dsage-server` does) */
  constructor(options: ServerOptions, onFatal: (error: unknown) => void) {
    this.#options = { ...SERVER_DEFAULTS, ...options };
    this.#onFatal = onFatal;
    const { directory, logLevel, logToConsole } = this.#options;
    const { ca, serverLog } = clusterPaths(directory);
    // Where there is no cluster, start() says so, and leaves no log behind.
    const file = existsSync(ca) ? { file: serverLog } : {};
    this.#log = createLog({ ...file, level: logLevel, console: logToConsole });
  }

  get port(): number {
    return this.#port;
  }

  get webUrl(): string {
    return this.#parts?.monitor.url ?? '';
  }

  /** Resolves when workers and clients can connect. Rejects with `setup` and leaves nothing behind. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      this.#log.error('the server could not start', { error });
      await this.stop();
      throw error;
    }
  }

  /** Tells clients, finishes commits under way, and closes. Idempotent, and safe before `start`. */
  stop(options: { readonly workersToo?: boolean } = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.workersToo ?? false);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { directory, host, port } = this.#options;
    const startedAt = performance.now();
    const files = await ensureServerFiles(directory);
    const store = LmdbStore.open(files.paths.database);
    const { services, monitor, housekeeping, engine } = await this.#assemble(files, store);
    this.#parts = { engine, store, services, housekeeping, monitor };
    const server = new grpc.Server({ ...SERVER_OPTIONS, interceptors: [accessInterceptor(services)] });
    server.addService(ClientServiceService, clientService(services));
    server.addService(WorkerServiceService, workerService(services));
    server.addService(ServerServiceService, serverService(services));
    const names = ['dsage.v1.ClientService', 'dsage.v1.WorkerService', 'dsage.v1.ServerService'];
    this.#grpc.server = server;
    this.#grpc.health = addHealth(server, names);
    addReflection(server);
    await monitor.start(services);
    services.vitals.start();
    this.#port = await bind(server, host, port, new ClusterServerCredentials(files.tls));
    engine.start();
    housekeeping.start();
    services.live.start();
    this.#grpc.health.setServing(true);
    this.#log.info('the server listens', {
      port: this.#port,
      web: monitor.url,
      version: packageVersion(),
      unfinishedJobs: engine.state.jobs.size,
      waitingTasks: engine.state.waitingTasks,
      startMs: Math.round(performance.now() - startedAt),
    });
  }

  async #assemble(files: ServerFiles, store: Store) {
    const { leaseMs, blobGraceMs } = this.#options;
    const now = () => Date.now();
    const { state, writes } = restore(store, this.#config(), now());
    if (store.users().length === 0)
      writes.push({ type: 'put-user', user: { ...files.firstUser, createdAtMs: now() } });
    if (writes.length > 0) await store.commit(writes);
    const clients = new ClientHub(state, store);
    const workers = new WorkerHub(state, store, { renewMs: Math.floor(leaseMs / RENEWS_PER_LEASE) });
    const outputs = new OutputHub();
    const live = new LiveView({ state, store, now });
    const throughput = new Throughput();
    const vitals = new Vitals(now, (job) => state.jobs.get(job)?.state.createdAtMs);
    const failures = new FailureLog({
      ...{ log: this.#log, now },
      specOf: (job) => store.job(job)?.spec,
    });
    const engine = new Engine({
      state,
      store,
      now,
      deliver: (send) => {
        if (send.type === 'announce-answers') throughput.add(send.count, now());
        failures.note(send);
        vitals.note(send);
        live.note(send);
        clients.deliver(send);
        workers.deliver(send);
        outputs.deliver(send);
      },
      flush: () => {
        // Somebody waits for these; a worker only forgets what is acknowledged.
        clients.flush();
        workers.flush();
        vitals.noteCommits(engine.figures);
      },
      onFatal: (error) => {
        this.#log.error('the server cannot go on', { error });
        this.#onFatal(error);
      },
    });
    const blobs = await BlobStore.open(files.paths.blobs);
    const users = new Users(engine, files.ca);
    const monitor = this.#monitor(files, now);
    const services: MonitorServices = {
      live,
      engine,
      views: new Views(state, store),
      users,
      clients,
      workers,
      outputs,
      blobs,
      log: this.#log,
      throughput,
      startedAtMs: now(),
      cluster: files.tls.cluster,
      now,
      webUrl: () => monitor.url,
      createWebLogin: (caller) => monitor.createLogin(caller),
      vitals,
      config: this.#shownConfig(),
      address: () => this.#address(),
      storeBytes: () => store.sizeBytes(),
      readOwnLog: (lines) => readTail(files.paths.serverLog, lines),
      stopSoon: ({ workersToo }) => {
        setImmediate(() => {
          this.#onStopAsked(workersToo);
        });
      },
      submitted: (session, seq) => {
        const job = store.submission(session, seq);
        const record = job === undefined || state.jobs.has(job) ? undefined : store.job(job);
        return record === undefined ? undefined : { job: record.id, taskCount: record.state.taskCount };
      },
    };
    const housekeeping = new Housekeeping({ engine, blobs, graceMs: blobGraceMs, now, log: this.#log });
    return { services, monitor, engine, housekeeping };
  }

  #monitor({ tls, paths }: ServerFiles, now: () => number): Monitor {
    const { webHost, webPort, webPublicStatus } = this.#options;
    return new Monitor({
      ...{ host: webHost, port: webPort, tls, now, isPublic: webPublicStatus },
      sessionsFile: paths.webSessions,
      isReady: () => this.#port > 0,
    });
  }

  /** Where other machines find it, where it listens for them. */
  #address(): string {
    return `${reachableHost(this.#options.host)}:${String(this.#port)}`;
  }

  #shownConfig(): Record<string, string | number | boolean> {
    const { logToConsole: _, ...shown } = this.#options;
    return shown;
  }

  #config(): Config {
    const { leaseMs, maxWaitingTasks, maxUnfinishedJobs, maxTasksPerJob } = this.#options;
    return {
      leaseMs,
      tickMs: TICK_MS,
      maxWaitingTasks,
      maxUnfinishedJobs,
      maxTasksPerJob,
      encode: {
        failure: (failure) => inlinePayload(encodeValue(failure)),
        answer: writeAnswerRecord,
        messageOf: failureMessage,
      },
    };
  }

  #onStopAsked(workersToo: boolean): void {
    this.#log.info('the server was asked to stop', { workersToo });
    void this.stop({ workersToo });
  }

  async #stop(workersToo: boolean): Promise<void> {
    const {
      parts,
      grpc: { server, health },
    } = { parts: this.#parts, grpc: this.#grpc };
    health?.setServing(false);
    if (parts !== undefined) {
      const { services, engine, housekeeping, monitor } = parts;
      housekeeping.stop();
      services.vitals.stop();
      services.live.stop();
      if (workersToo) await drainWorkers(services);
      for (const link of services.clients.links) {
        link.write({ $case: 'closing', value: { reason: 'The server is stopping.' } });
      }
      await engine.stop();
      for (const link of services.clients.links) link.stream.end();
      for (const link of services.workers.links) link.stream.end();
      await monitor.stop();
    }
    if (server !== undefined) await shutDown(server);
    if (parts !== undefined) {
      await parts.store.close();
      this.#log.info('the server has stopped');
    }
    await closeLog(this.#log);
    this.#resolveStopped();
  }
}

function bind(
  server: grpc.Server,
  host: string,
  port: number,
  credentials: grpc.ServerCredentials,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${urlHost(host)}:${String(port)}`, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(bindError(error, host, port));
    });
  });
}

function bindError(error: Error, host: string, port: number): DsageError {
  if (/EADDRINUSE/.test(error.message)) {
    return new DsageError('setup', `Port ${String(port)} on ${host} is in use.`, {
      hint: 'Stop what uses it (`dsage stop`, if it is a dsage server), or take another: --port PORT, or 0 for any.',
      cause: error,
    });
  }
  return new DsageError(
    'setup',
    `The server cannot listen on ${host}:${String(port)}: ${messageOf(error)}.`,
    {
      hint: 'Choose another with --host and --port.',
      cause: error,
    },
  );
}

async function drainWorkers({ engine, workers }: Services): Promise<void> {
  const reason = 'The server is stopping.';
  for (const { worker } of workers.links) {
    if (worker === undefined) continue;
    // One that left in this moment needs no message.
    await engine
      .ask((request) => ({ type: 'drain-asked', request, worker, reason, stop: true }))
      .catch(() => undefined);
  }
  const until = performance.now() + DRAIN_WORKERS_MS;
  while ([...workers.links].length > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Our own protocol has been drained: what is still open is cut after a moment. */
async function shutDown(server: grpc.Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, SHUTDOWN_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
