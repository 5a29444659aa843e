import { DsageError } from '../../../model/errors.js';
import type { WorkerSummary } from '../../../model/monitor.js';
import type { LiveWorker, State } from '../../core/state.js';
import type { MonitorServices } from '../monitor-services.js';
import { workerSummary } from './summaries.js';

/** Throws `not-found` for a worker that is not known, or no longer. */
export function requireWorker(state: State, number: number): LiveWorker {
  const worker = state.workers.get(number);
  if (worker !== undefined) return worker;
  throw new DsageError('not-found', `There is no worker ${String(number)}.`, {
    hint: 'List them with: dsage workers',
  });
}

/** A worker as it is shown. */
export function shownWorker({ live, startedAtMs }: MonitorServices, worker: LiveWorker): WorkerSummary {
  const holds = worker.held + worker.coordinating > 0;
  // Grants are in the order in which they were given; of those from before the start nobody knows when.
  const [oldest] = holds ? worker.grants : [];
  return workerSummary(worker, oldest === undefined ? 0 : live.grantedAtMs(oldest) || startedAtMs);
}

/** The list that is answered, and the topic `workers`. */
export function allWorkers(services: MonitorServices): { readonly workers: readonly WorkerSummary[] } {
  const { workers } = services.engine.state;
  return { workers: [...workers.values()].map((worker) => shownWorker(services, worker)) };
}
