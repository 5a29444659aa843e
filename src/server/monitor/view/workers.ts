import { DsageError } from '../../../model/errors.js';
import type { WorkerSummary } from '../../../model/monitor.js';
import type { LiveWorker, State } from '../../core/state.js';
import { workerSummary } from './summaries.js';

/** Throws `not-found` for a worker that is not known, or no longer. */
export function requireWorker(state: State, number: number): LiveWorker {
  const worker = state.workers.get(number);
  if (worker !== undefined) return worker;
  throw new DsageError('not-found', `There is no worker ${String(number)}.`, {
    hint: 'List them with: dsage workers',
  });
}

/** The list that is answered, and the topic `workers`. */
export function allWorkers({ workers }: State): { readonly workers: readonly WorkerSummary[] } {
  return { workers: [...workers.values()].map(workerSummary) };
}
