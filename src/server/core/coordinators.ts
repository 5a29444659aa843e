import { grantLeases, deleteWaiting } from './leases.js';
import { nextAttempt, unfit } from './schedule.js';
import type { LiveJob, LiveWorker, Needs, Queue, State } from './state.js';
import type { Turn } from './turn.js';

/**
 * Gives coordinators of detached jobs to workers: they run beside the slots, each in a place of its own, and take
 * nothing that tasks compete for. Priority first, then order of arrival; the worker with most of its places free.
 */
export function giveCoordinators({ state, now, effects }: Turn): void {
  if (state.coordinators.size === 0) return;
  const hosts = [...state.workers.values()].filter(hasPlace);
  let queues = hosts.length === 0 ? [] : [...state.coordinators.values()];
  for (let queue = first(queues); queue !== undefined; queue = first(queues)) {
    const job = firstJob(state, queue);
    const worker = hostFor(hosts, queue.needs);
    if (worker === undefined) {
      queues = without(queues, queue);
      continue;
    }
    const attempt = nextAttempt(job, 0);
    deleteWaiting(state, job, 0);
    // A grant of its own: it outlives those of any task.
    grantLeases(state, worker, [{ job: job.id, firstIndex: 0, count: 1, attempt }], effects);
    if (job.state.startedAtMs === 0) job.state.startedAtMs = now;
    if (queue.jobs.size === 0) queues = without(queues, queue);
  }
}

/** Why a worker that could run it has no place for a coordinator now; undefined when it has one. */
export function whyNoPlace({ connection, draining, coordinating, info }: LiveWorker): string | undefined {
  if (connection === undefined) return 'is not connected';
  if (draining) return 'is draining';
  if (info.coordinators === 0) return 'takes none';
  if (coordinating < info.coordinators) return undefined;
  return `runs ${String(coordinating)} of ${String(info.coordinators)}`;
}

function hasPlace(worker: LiveWorker): boolean {
  return whyNoPlace(worker) === undefined;
}

function first(queues: readonly Queue[]): Queue | undefined {
  let [chosen] = queues;
  for (const queue of queues) {
    if (chosen === undefined) return undefined;
    const isBefore = (queue.jobs.first() ?? 0) < (chosen.jobs.first() ?? 0);
    if (queue.priority < chosen.priority || (queue.priority === chosen.priority && isBefore)) chosen = queue;
  }
  return chosen;
}

function firstJob(state: State, queue: Queue): LiveJob {
  const job = state.jobs.get(queue.jobs.first() ?? 0);
  if (job === undefined) throw new Error(`queue ${queue.key} names a job that is not in the state`);
  return job;
}

/** The least loaded of the workers that may run it; of several the one that came first. */
function hostFor(hosts: readonly LiveWorker[], needs: Needs): LiveWorker | undefined {
  let chosen: LiveWorker | undefined;
  for (const worker of hosts) {
    if (!hasPlace(worker) || unfit(worker, needs) !== undefined) continue;
    if (chosen === undefined || loadOf(worker) < loadOf(chosen)) chosen = worker;
  }
  return chosen;
}

function loadOf({ coordinating, info }: LiveWorker): number {
  return coordinating / info.coordinators;
}

function without(queues: readonly Queue[], queue: Queue): Queue[] {
  return queues.filter((it) => it !== queue);
}
