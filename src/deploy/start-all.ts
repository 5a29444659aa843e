import { hostname } from 'node:os';

import { connect, type Dsage } from '../client/connect.js';
import { DsageError } from '../model/errors.js';
import { DEFAULT_GRPC_PORT, DEFAULT_WEB_PORT } from '../model/protocol.js';
import { clusterDirectory } from '../security/directory.js';
import { localAddress, runningServer, webUrlOf } from './run-file.js';
import { checkPort, server, type ServerHandle } from './server.js';
import { setup, type SetupOptions } from './setup.js';
import { checkSlots, worker, type WorkerHandle } from './worker.js';

export interface StartAllOptions extends SetupOptions {
  /** How many workers are to run on this machine; 2 unless given. Those that are missing are started. */
  readonly workers?: number;
  /** How many tasks each worker runs at once; 1 unless given. */
  readonly slots?: number;
  /** The address to listen on; all addresses of this machine unless given. */
  readonly host?: string;
  /** 8081 unless given; 0 takes any that is free. */
  readonly port?: number;
  /** The monitor's port: 8082 unless given; 0 takes any that is free. */
  readonly webPort?: number;
  /** Where the monitor listens: 127.0.0.1 unless given; by HTTPS where other machines reach it. */
  readonly webHost?: string;
  /** Whether the monitor's overview is open without a login; it is not unless this is set. */
  readonly webPublicStatus?: boolean;
  /** What jobs may ask the workers for. */
  readonly labels?: readonly string[];
  /** Whether server and workers go on when this process ends; they end with it unless this is set. */
  readonly keep?: boolean;
}

/** What `startCluster` started, and what it found. */
export interface StartedCluster {
  readonly d: Dsage;
  readonly directory: string;
  readonly address: string;
  readonly webUrl: string;
  /** Undefined when a server was there already. */
  readonly server: ServerHandle | undefined;
  readonly workers: readonly WorkerHandle[];
}

/** A server that stands in the run file and does not answer within this time is taken for gone. */
const REUSE_TIMEOUT_MS = 5_000;
const MAX_WORKERS = 256;

/**
 * Sets up what is missing, starts a server and workers on this machine, and connects. A server that runs on the
 * same directory is used, and only workers that are missing are started. Throws `setup` when one of them does
 * not start; what had started before is stopped then.
 */
export async function startAll(options: StartAllOptions = {}): Promise<Dsage> {
  return (await startCluster(options)).d;
}

/** As `startAll`, and tells what it started. */
export async function startCluster(options: StartAllOptions = {}): Promise<StartedCluster> {
  const directory = clusterDirectory(options.directory);
  checkPort('port', options.port ?? DEFAULT_GRPC_PORT);
  checkPort('webPort', options.webPort ?? DEFAULT_WEB_PORT);
  checkCount(options.workers ?? 0);
  checkSlots(options.slots ?? 1);
  const running = await findServer(directory);
  if (running !== undefined) return joinServer(options, directory, running);
  await setup({ ...options, directory });
  const { host, port, webPort, webHost, webPublicStatus, keep } = options;
  const handle = await server({
    directory,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(webPort === undefined ? {} : { webPort }),
    ...(webHost === undefined ? {} : { webHost }),
    ...(webPublicStatus === undefined ? {} : { webPublicStatus }),
    ...(keep === undefined ? {} : { keep }),
  });
  // Workers start while this process connects.
  const starting = startWorkers(options, directory, handle.address);
  try {
    const d = await connect({ server: handle.address, directory });
    const workers = await allOrNone(await starting, () => d.close());
    return { d, directory, address: handle.address, webUrl: handle.webUrl, server: handle, workers };
  } catch (error) {
    await stopStarted(await starting);
    await handle.stop();
    throw error;
  }
}

interface FoundServer {
  readonly d: Dsage;
  readonly address: string;
  readonly webUrl: string;
}

/** A connection to the server that runs on a directory; undefined when there is none. */
export async function findServer(directory: string): Promise<FoundServer | undefined> {
  const running = runningServer(directory);
  if (running === undefined) return undefined;
  const address = localAddress(running.host, running.port);
  try {
    const d = await connect({ server: address, directory, connectTimeoutMs: REUSE_TIMEOUT_MS });
    return { d, address, webUrl: webUrlOf(running) };
  } catch {
    // A leftover, whose number another process has now. If it is a server after all, which stands still, the
    // lock of the database refuses the next one and names it.
    return undefined;
  }
}

async function joinServer(
  options: StartAllOptions,
  directory: string,
  { d, address, webUrl }: FoundServer,
): Promise<StartedCluster> {
  try {
    const here = (await d.workers()).filter(
      ({ host, connected, draining }) => host === hostname() && connected && !draining,
    );
    const missing = Math.max(0, (options.workers ?? 2) - here.length);
    const started = await startWorkers({ ...options, workers: missing }, directory, address);
    const workers = await allOrNone(started, () => undefined);
    return { d, directory, address, webUrl, server: undefined, workers };
  } catch (error) {
    await d.close();
    throw error;
  }
}

type Started = readonly PromiseSettledResult<WorkerHandle>[];

/** Never rejects: whoever waits for it may have to wait for something else first. */
function startWorkers(options: StartAllOptions, directory: string, address: string): Promise<Started> {
  const { workers = 2, slots = 1, labels = [], keep = false } = options;
  const one = { server: address, directory, slots, labels, keep };
  return Promise.allSettled(Array.from({ length: workers }, () => worker(one)));
}

/** All workers, or the first error once those that did start have been stopped. */
async function allOrNone(started: Started, onFailure: () => unknown): Promise<WorkerHandle[]> {
  const failed = started.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return handlesOf(started);
  await stopStarted(started);
  await onFailure();
  throw failed.reason;
}

async function stopStarted(started: Started): Promise<void> {
  await Promise.all(handlesOf(started).map((handle) => handle.stop()));
}

function handlesOf(started: Started): WorkerHandle[] {
  return started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

function checkCount(workers: number): number {
  if (Number.isInteger(workers) && workers >= 0 && workers <= MAX_WORKERS) return workers;
  throw new DsageError('invalid-argument', `workers is ${String(workers)}.`, {
    hint: `It must be a whole number from 0 to ${String(MAX_WORKERS)}; one worker can have many slots.`,
  });
}
