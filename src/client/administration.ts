import { DsageError } from '../model/errors.js';
import { USER_NAME } from '../model/user.js';
import type { UserRecord } from '../model/user.js';
import type { WorkerInfo } from '../model/worker.js';
import { userFromMessage, userRoleFrom, workerInfoFromMessage } from '../wire/convert.js';
import type { Client, Worker } from '../wire/gen/dsage/v1/server.js';
import { whole } from './options.js';
import type { Rpc } from './rpc.js';

/** A worker as tables show it. */
export interface WorkerDetails extends WorkerInfo {
  /** The server's number for it. */
  readonly worker: number;
  /** Whose certificate it shows. */
  readonly user: string;
  readonly connected: boolean;
  readonly draining: boolean;
  readonly busySlots: number;
  /** Tasks that it holds, queued ones included. */
  readonly leases: number;
  readonly connectedAt: Date;
  readonly lastSeenAt: Date;
  readonly completed: number;
  readonly failed: number;
  readonly load1: number;
  readonly freeMemoryMb: number;
}

/** A connected client. */
export interface ClientDetails {
  readonly session: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly connectedAt: Date;
  readonly packageVersion: string;
}

export interface ServerStatus {
  readonly packageVersion: string;
  readonly cluster: string;
  readonly startedAt: Date;
  readonly workers: number;
  readonly slots: number;
  readonly busySlots: number;
  readonly clients: number;
  readonly unfinishedJobs: number;
  readonly tasksPerSecond: number;
  readonly memoryMb: number;
  /** Millions of 64-bit modular multiplications per second, over all slots. */
  readonly speedMmps: number;
  /** Where the monitor answers; empty when it is off. */
  readonly webUrl: string;
}

export interface NewUser {
  readonly name: string;
  /** `user` unless given. */
  readonly role?: UserRecord['role'];
  /** PEM of a PKCS#10 request; the key stays with its owner. */
  readonly csrPem: string;
}

const MAX_LOG_LINES = 10_000;

export async function listWorkers(rpc: Rpc): Promise<WorkerDetails[]> {
  const { workers } = await rpc.call('listWorkers', {});
  return workers.map(workerDetails);
}

/** The number of a connected worker: the one asked for, or the lowest. Throws `not-found` and `failed-precondition`. */
export async function connectedWorker(rpc: Rpc, wanted: number | undefined): Promise<number> {
  const workers = await listWorkers(rpc);
  const connected = workers.filter((worker) => worker.connected).map(({ worker }) => worker);
  if (wanted === undefined && connected.length > 0) return Math.min(...connected);
  if (wanted !== undefined && connected.includes(wanted)) return wanted;
  if (wanted !== undefined && !workers.some(({ worker }) => worker === wanted)) {
    throw new DsageError('not-found', `There is no worker ${wanted}.`, { hint: 'd.workers() lists them.' });
  }
  throw new DsageError(
    'failed-precondition',
    wanted === undefined ? 'No worker is connected.' : `Worker ${wanted} is not connected.`,
    { hint: 'Start one with `dsage-worker`.' },
  );
}

export async function listClients(rpc: Rpc): Promise<ClientDetails[]> {
  const { clients } = await rpc.call('listClients', {});
  return clients.map(({ connectedAtMs, ...rest }: Client) => ({
    ...rest,
    connectedAt: new Date(connectedAtMs),
  }));
}

export async function serverStatus(rpc: Rpc): Promise<ServerStatus> {
  const status = await rpc.call('getStatus', {});
  const { cluster, workers, slots, busySlots, clients, unfinishedJobs } = status;
  const { tasksPerSecond, memoryMb, speedMmps, webUrl } = status;
  return {
    ...{ cluster, workers, slots, busySlots, clients, unfinishedJobs },
    ...{ tasksPerSecond, memoryMb, speedMmps, webUrl },
    packageVersion: status.hello?.packageVersion ?? '',
    startedAt: new Date(status.startedAtMs),
  };
}

/**
 * The last lines of a log, oldest first.
 *
 * @param worker 0 is the server's own
 */
export async function readLog(rpc: Rpc, lines: number, worker: number): Promise<readonly string[]> {
  whole('The number of lines', lines, [1, MAX_LOG_LINES]);
  whole('The number of the worker', worker, [0, 2 ** 32 - 1]);
  return (await rpc.call('readLog', { worker, lines })).lines;
}

/** Lets a worker finish what it runs and takes nothing new to it. */
export async function drainWorker(rpc: Rpc, worker: number, stop: boolean): Promise<void> {
  whole('The number of the worker', worker, [1, 2 ** 32 - 1]);
  await rpc.call('drainWorker', { worker, stop });
}

/** Gives tasks to a worker again that drains. */
export async function resumeWorker(rpc: Rpc, worker: number): Promise<void> {
  whole('The number of the worker', worker, [1, 2 ** 32 - 1]);
  await rpc.call('resumeWorker', { worker });
}

/** Lets a connected worker drain and end, and forgets one that is away. */
export async function removeWorker(rpc: Rpc, worker: number): Promise<void> {
  whole('The number of the worker', worker, [1, 2 ** 32 - 1]);
  await rpc.call('removeWorker', { worker });
}

/** Users of the cluster; for admins. */
export class Users {
  readonly #rpc: Rpc;

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Signs a request. Returns PEMs: the user's certificate, and that of the cluster's CA to trust. */
  async add({ name, role = 'user', csrPem }: NewUser): Promise<{ certificatePem: string; caPem: string }> {
    if (!USER_NAME.test(name)) {
      throw new DsageError('invalid-argument', `${JSON.stringify(name)} cannot be a user's name.`, {
        hint: 'It has letters, digits, dot, dash and underscore, starts with a letter or digit, and at most 64 of them.',
      });
    }
    return this.#rpc.call('addUser', { name, role: userRoleFrom(role), csrPem });
  }

  async list(): Promise<UserRecord[]> {
    const { users } = await this.#rpc.call('listUsers', {});
    return users.map(userFromMessage);
  }

  async enable(name: string): Promise<void> {
    await this.#rpc.call('setUserEnabled', { name, enabled: true });
  }

  /** Refuses the user's certificates from now on, on connections that are open too. */
  async disable(name: string): Promise<void> {
    await this.#rpc.call('setUserEnabled', { name, enabled: false });
  }

  async remove(name: string): Promise<void> {
    await this.#rpc.call('removeUser', { name });
  }
}

function workerDetails({ info, connectedAtMs, lastSeenAtMs, ...rest }: Worker): WorkerDetails {
  return {
    ...workerInfoFromMessage(info),
    ...rest,
    connectedAt: new Date(connectedAtMs),
    lastSeenAt: new Date(lastSeenAtMs),
  };
}
