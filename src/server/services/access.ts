import type { ServerInterceptor } from '@grpc/grpc-js';

import { DsageError } from '../../model/errors.js';
import type { Identity, Role } from '../../model/user.js';
import { identityInterceptor } from '../../wire/caller.js';
import { ClientServiceService } from '../../wire/gen/dsage/v1/client.js';
import { ServerServiceService } from '../../wire/gen/dsage/v1/server.js';
import { WorkerServiceService } from '../../wire/gen/dsage/v1/worker.js';
import { claimIn } from '../../wire/lease-claim.js';
import { deputyOf } from './deputies.js';
import type { Services } from './services.js';

const PEOPLE: readonly Role[] = ['user', 'admin'];
const ADMINS: readonly Role[] = ['admin'];
const EVERYBODY: readonly Role[] = ['user', 'admin', 'worker'];

/** Who may call what. A method that is not here is refused to all but admins, so that none is left open by mistake. */
const ROLES = new Map<string, readonly Role[]>([
  ...Object.values(ClientServiceService).map(({ path }) => [path, PEOPLE] as const),
  ...Object.values(WorkerServiceService).map(({ path }) => [path, EVERYBODY] as const),
  [ServerServiceService.handshake.path, EVERYBODY],
  [ServerServiceService.getStatus.path, PEOPLE],
  [ServerServiceService.listWorkers.path, PEOPLE],
  [ServerServiceService.listClients.path, PEOPLE],
  [ServerServiceService.readLog.path, PEOPLE],
  [ServerServiceService.drainWorker.path, PEOPLE],
  [ServerServiceService.createWebLogin.path, PEOPLE],
  ['/grpc.health.v1.Health/Check', EVERYBODY],
  ['/grpc.health.v1.Health/List', EVERYBODY],
  ['/grpc.health.v1.Health/Watch', EVERYBODY],
  ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', PEOPLE],
]);

/** Refuses every call whose certificate is missing, unknown, disabled, or of a role that may not make it. */
export function accessInterceptor({ users, engine }: Services): ServerInterceptor {
  return identityInterceptor(({ caller, path, metadata }) => {
    if (caller === undefined) {
      throw new DsageError('unauthenticated', 'This call needs a client certificate of this cluster.', {
        hint: 'Copy dsage_key, dsage_key.pub and pubcert.pem into your DSAGE_DIR, or have a request signed: dsage user add.',
      });
    }
    users.require(caller);
    const claim = claimIn(metadata);
    if (claim !== undefined) return deputyOf(engine.state, caller, claim, path);
    requireRole(path, caller);
    return undefined;
  });
}

/** Throws `permission-denied` for a caller whose role may not call the method, by gRPC or through the monitor. */
export function requireRole(path: string, caller: Identity): void {
  if ((ROLES.get(path) ?? ADMINS).includes(caller.role)) return;
  throw new DsageError('permission-denied', `The ${caller.role} ${caller.name} may not call ${path}.`, {
    hint: caller.role === 'worker' ? 'Use the key pair of a user.' : 'Ask an admin of this server.',
  });
}
