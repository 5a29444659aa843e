import { ownHello } from '../../wire/hello.js';
import { userToMessage, workerInfoToMessage } from '../../wire/convert.js';
import type { ServerServiceServer, Worker } from '../../wire/gen/dsage/v1/server.js';
import type { LiveWorker } from '../core/state.js';
import { figuresOf } from '../figures.js';
import { unary } from './handlers.js';
import { checkHello } from './hello.js';
import { serverActions } from './server-actions.js';
import type { Services } from './services.js';

/** The server itself: handshake, state, logs, workers, users. */
export function serverService(services: Services): ServerServiceServer {
  const { engine } = services;
  const actions = serverActions(services);
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
    drainWorker: unary(actions.drain),
    listClients: unary((_request, caller) => ({
      clients: actions.clients(caller).map(({ id, identity, host, pid, connectedAtMs, packageVersion }) => ({
        session: id,
        user: identity.name,
        host,
        pid,
        connectedAtMs,
        packageVersion,
      })),
    })),
    readLog: unary(async (request, caller) => ({ lines: [...(await actions.readLog(request, caller))] })),
    createWebLogin: unary((_request, caller) => ({ url: services.createWebLogin(caller) })),
    stopServer: unary(({ workersToo }) => {
      services.stopSoon({ workersToo });
      return {};
    }),
    addUser: unary(actions.addUser),
    listUsers: unary(() => ({ users: actions.users().map(userToMessage) })),
    setUserEnabled: unary(actions.setUserEnabled),
    removeUser: unary(actions.removeUser),
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
