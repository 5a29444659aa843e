import { DsageError } from '../../model/errors.js';
import type { Identity, UserRecord } from '../../model/user.js';
import type { WorkerNumber } from '../../model/worker.js';
import { userRoleFrom } from '../../wire/convert.js';
import type { ClientLink } from '../client-hub.js';
import type { Services } from './services.js';

const DEFAULT_LOG_LINES = 100;
const MAX_LOG_LINES = 10_000;
const WORKER_LOG_TIMEOUT_MS = 5_000;

/** What people do to workers and users, and read of the server's inside. */
export interface ServerActions {
  readonly drain: (
    request: { readonly worker: WorkerNumber; readonly stop: boolean },
    caller: Identity,
  ) => Promise<Record<string, never>>;
  /** Connected clients that the caller may see. */
  readonly clients: (caller: Identity) => readonly ClientLink[];
  /** The last lines of the server's log, or of a worker's; 0 lines is the usual number. */
  readonly readLog: (
    request: { readonly worker: WorkerNumber; readonly lines: number },
    caller: Identity,
  ) => Promise<readonly string[]>;
  /** @param request an empty role is `user` */
  readonly addUser: (
    request: { readonly name: string; readonly role: string; readonly csrPem: string },
    caller: Identity,
  ) => Promise<{ readonly certificatePem: string; readonly caPem: string }>;
  readonly users: () => readonly UserRecord[];
  readonly setUserEnabled: (
    request: { readonly name: string; readonly enabled: boolean },
    caller: Identity,
  ) => Promise<Record<string, never>>;
  readonly removeUser: (
    request: { readonly name: string },
    caller: Identity,
  ) => Promise<Record<string, never>>;
}

/** One decision for gRPC and the monitor. Which roles may call which of them says `requireRole`. */
export function serverActions(services: Services): ServerActions {
  const { engine, users, workers, log } = services;
  return {
    drain: async ({ worker, stop }, caller) => {
      const known = engine.state.workers.get(worker);
      if (known === undefined) {
        throw new DsageError('not-found', `There is no worker ${String(worker)}.`, {
          hint: 'List them with: dsage workers',
        });
      }
      if (caller.role !== 'admin' && known.user !== caller.name) {
        throw new DsageError('permission-denied', `Worker ${String(worker)} was started by another user.`, {
          hint: 'Ask them, or an admin.',
        });
      }
      const reason = `Asked by ${caller.name}.`;
      await engine.ask((request) => ({ type: 'drain-asked', request, worker, reason, stop }));
      log.info('a worker was drained', { worker, stop, by: caller.name });
      return {};
    },
    clients: (caller) =>
      [...services.clients.links].filter(
        ({ identity }) => caller.role === 'admin' || identity.name === caller.name,
      ),
    readLog: async ({ worker, lines: wanted }, caller) => {
      const lines = Math.min(wanted === 0 ? DEFAULT_LOG_LINES : wanted, MAX_LOG_LINES);
      const owner = worker === 0 ? undefined : engine.state.workers.get(worker)?.user;
      if (caller.role !== 'admin' && owner !== caller.name) {
        throw new DsageError('permission-denied', 'Logs speak of all users.', {
          hint: 'Only admins may read them.',
        });
      }
      return worker === 0
        ? services.readOwnLog(lines)
        : workers.readLog(worker, lines, WORKER_LOG_TIMEOUT_MS);
    },
    addUser: async ({ name, role, csrPem }, caller) => {
      const certificatePem = await users.add(
        name,
        userRoleFrom(role === '' ? 'user' : role),
        csrPem,
        services.now(),
      );
      log.info('a user was added', { user: name, role, by: caller.name });
      return { certificatePem, caPem: users.caPem };
    },
    users: () => users.list(),
    setUserEnabled: async ({ name, enabled }, caller) => {
      await users.setEnabled(name, enabled);
      log.info(enabled ? 'a user was enabled' : 'a user was disabled', { user: name, by: caller.name });
      return {};
    },
    removeUser: async ({ name }, caller) => {
      await users.remove(name);
      log.info('a user was removed', { user: name, by: caller.name });
      return {};
    },
  };
}
