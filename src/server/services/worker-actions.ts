import { DsageError } from '../../model/errors.js';
import type { Identity } from '../../model/user.js';
import type { Services } from './services.js';

/** What people do to a worker, for every way in which they ask: admins to any, users to those that they started. */
export interface WorkerActions {
  drain(request: { readonly worker: number; readonly stop: boolean }, caller: Identity): Promise<void>;
  resume(request: { readonly worker: number }, caller: Identity): Promise<void>;
  remove(request: { readonly worker: number }, caller: Identity): Promise<void>;
}

export function workerActions({ engine, log }: Pick<Services, 'engine' | 'log'>): WorkerActions {
  const requireWorker = (worker: number, caller: Identity): void => {
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
  };
  return {
    async drain({ worker, stop }, caller) {
      requireWorker(worker, caller);
      const reason = `Asked by ${caller.name}.`;
      await engine.ask((request) => ({ type: 'drain-asked', request, worker, reason, stop }));
      log.info('a worker was drained', { worker, stop, by: caller.name });
    },
    async resume({ worker }, caller) {
      requireWorker(worker, caller);
      await engine.ask((request) => ({ type: 'resume-asked', request, worker }));
      log.info('a worker was resumed', { worker, by: caller.name });
    },
    async remove({ worker }, caller) {
      requireWorker(worker, caller);
      const reason = `Removed by ${caller.name}.`;
      await engine.ask((request) => ({ type: 'remove-asked', request, worker, reason }));
      log.info('a worker was removed', { worker, by: caller.name });
    },
  };
}
