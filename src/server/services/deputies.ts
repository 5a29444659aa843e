import { DsageError } from '../../model/errors.js';
import type { Identity } from '../../model/user.js';
import { ClientServiceService } from '../../wire/gen/dsage/v1/client.js';
import { ServerServiceService } from '../../wire/gen/dsage/v1/server.js';
import type { LeaseClaim } from '../../wire/lease-claim.js';
import type { State } from '../core/state.js';

/** What a coordinator on a worker needs, and nothing that names other jobs. */
const PATHS: ReadonlySet<string> = new Set([
  ...[
    ClientServiceService.session,
    ClientServiceService.getJob,
    ClientServiceService.getTask,
    ClientServiceService.readTasks,
    ClientServiceService.coordinateJob,
    ClientServiceService.killJobs,
    ClientServiceService.pauseJobs,
    ClientServiceService.resumeJobs,
    ClientServiceService.hasBlobs,
    ClientServiceService.putBlob,
    ClientServiceService.getBlob,
    ServerServiceService.getStatus,
  ].map(({ path }) => path),
]);

/** A coordinator is the first task of its job. */
const COORDINATOR = 0;

/**
 * Who a coordinator on a worker speaks for: the owner of its job, about that job alone, and only while its worker
 * holds the lease. Throws `permission-denied` for any other claim.
 *
 * @param caller whose certificate the worker shows
 */
export function deputyOf(state: State, caller: Identity, claim: LeaseClaim, path: string): Identity {
  const job = state.jobs.get(claim.job);
  const holding = job?.leases.get(COORDINATOR);
  const worker = holding === undefined ? undefined : state.workers.get(holding.grant.worker);
  const isHeld =
    job?.spec.detached === true &&
    holding?.attempt === claim.attempt &&
    worker?.instance === claim.instance &&
    worker.user === caller.name &&
    worker.role === caller.role;
  if (job !== undefined && isHeld && PATHS.has(path)) {
    return { role: 'user', name: job.owner, serial: caller.serial, onlyJob: job.id };
  }
  const what = isHeld ? `may not call ${path}` : 'is not, or no longer, leased to that worker';
  throw new DsageError('permission-denied', `The coordinator of job ${String(claim.job)} ${what}.`, {
    hint: 'Another worker may have taken it over.',
  });
}
