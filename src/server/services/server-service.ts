import { DsageError } from '../../model/errors.js';
import { ownHello } from '../../wire/hello.js';
import { userRoleFrom, userToMessage, workerInfoToMessage } from '../../wire/convert.js';
import type { ServerServiceServer, Worker } from '../../wire/gen/dsage/v1/server.js';
import type { LiveWorker } from '../core/state.js';
import { figuresOf } from '../figures.js';
import { unary } from './handlers.js';
import { checkHello } from './hello.js';
import type { Services } from './services.js';
import { workerActions } from './worker-actions.js';

const DEFAULT_LOG_LINES = 100;
const MAX_LOG_LINES = 10_000;
const WORKER_LOG_TIMEOUT_MS = 5_000;

/** The server itself: handshake, state, logs, workers, users. */
export function serverService(services: Services): ServerServiceServer {
  const { engine, users, workers } = services;
  const actions = workerActions(services);
  return {
    handshake: unary((request, caller) => {
      checkHello(request.hello, 'client');
      const { cluster } = services;
      return { hello: ownHello(), cluster, user: caller.name, role: caller.role, webUrl: services.webUrl() };
    }),
    getStatus: unary(() => ({
      hello: ownHello(),
      cluster: services.cluster,
      webUrl: services.webUrl(),
      ...figuresOf(services),
    })),
    listWorkers: unary(() => ({ workers: [...engine.state.workers.values()].map(workerMessage) })),
    drainWorker: unary(async (request, caller) => {
      await actions.drain(request, caller);
      return {};
    }),
    resumeWorker: unary(async (request, caller) => {
      await actions.resume(request, caller);
      return {};
    }),
    removeWorker: unary(async (request, caller) => {
      await actions.remove(request, caller);
      return {};
    }),
    listClients: unary((_request, caller) => {
      const links = [...services.clients.links];
      const seen = links.filter(({ identity }) => caller.role === 'admin' || identity.name === caller.name);
      return {
        clients: seen.map(({ id, identity, host, pid, connectedAtMs, packageVersion }) => ({
          session: id,
          user: identity.name,
          host,
          pid,
          connectedAtMs,
          packageVersion,
        })),
      };
    }),
    readLog: unary(async ({ worker, lines: wanted }, caller) => {
      const lines = Math.min(wanted === 0 ? DEFAULT_LOG_LINES : wanted, MAX_LOG_LINES);
      const owner = worker === 0 ? undefined : engine.state.workers.get(worker)?.user;
      if (caller.role !== 'admin' && owner !== caller.name) {
        throw new DsageError('permission-denied', 'Logs speak of all users.', {
          hint: 'Only admins may read them.',
        });
      }
      if (worker === 0) return { lines: [...(await services.readOwnLog(lines))] };
      return { lines: [...(await workers.readLog(worker, lines, WORKER_LOG_TIMEOUT_MS))] };
    }),
    stopServer: unary(({ workersToo }) => {
      services.stopSoon({ workersToo });
      return {};
    }),
    addUser: unary(async ({ name, role, csrPem }) => {
      const certificatePem = await users.add(
        name,
        userRoleFrom(role === '' ? 'user' : role),
        csrPem,
        services.now(),
      );
      services.log.info('a user was added', { user: name, role });
      return { certificatePem, caPem: users.caPem };
    }),
    listUsers: unary(() => ({ users: users.list().map(userToMessage) })),
    setUserEnabled: unary(async ({ name, enabled }) => {
      await users.setEnabled(name, enabled);
      services.log.info(enabled ? 'a user was enabled' : 'a user was disabled', { user: name });
      return {};
    }),
    removeUser: unary(async ({ name }) => {
      await users.remove(name);
      services.log.info('a user was removed', { user: name });
      return {};
    }),
  };
}

function workerMessage(worker: LiveWorker): Worker {
  return {
    worker: worker.number,
    user: worker.user,
    info: workerInfoToMessage(worker.info),
    connected: worker.connection !== undefined,
    draining: worker.draining,
    busySlots: worker.busySlots,
    leases: worker.held,
    connectedAtMs: worker.connectedAtMs,
    lastSeenAtMs: worker.lastSeenAtMs,
    completed: worker.completed,
    failed: worker.failed,
    load1: worker.load1,
    freeMemoryMb: worker.freeMemoryMb,
  };
}
