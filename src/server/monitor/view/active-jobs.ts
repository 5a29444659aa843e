import type { Queue, State, LiveJob } from '../../core/state.js';
import type { JobTable } from './job-table.js';

const SHOWN = 20;
/** However many there are, no more than so many are looked at for one answer. */
const MOST_QUEUES = 2_000;
const MOST_GRANTS = 500;
const MOST_FILLERS = 5_000;

/**
 * The unfinished jobs that run first: those with running tasks, then those at the head of the queues, then those that
 * are in none (paused, or waiting for others). Found in bounded time, whatever the number of jobs.
 */
export function activeJobs(state: State, table: JobTable, owner: string | undefined): readonly LiveJob[] {
  const found = new Map<number, LiveJob>();
  const add = (id: number) => {
    const job = state.jobs.get(id);
    if (job !== undefined && (owner === undefined || job.owner === owner)) found.set(id, job);
  };
  for (const id of leased(state)) {
    if (found.size >= 2 * SHOWN) break;
    add(id);
  }
  for (const queue of queuesOf(state, owner)) {
    if (found.size >= 3 * SHOWN) break;
    let count = 0;
    for (const id of queue.jobs) {
      add(id);
      if ((count += 1) === SHOWN) break;
    }
  }
  const all = Math.min(SHOWN, table.unfinished(owner));
  let looked = 0;
  for (const id of state.jobs.keys()) {
    if (found.size >= all || looked === MOST_FILLERS) break;
    add(id);
    looked += 1;
  }
  return [...found.values()].sort(inOrder).slice(0, SHOWN);
}

/** Jobs with leases. */
function* leased(state: State): Generator<number> {
  let looked = 0;
  for (const worker of state.workers.values()) {
    for (const grant of worker.grants) {
      for (const run of grant.runs) yield run.job;
      if ((looked += 1) === MOST_GRANTS) return;
    }
  }
}

/** Those that are served first, first. */
function queuesOf(state: State, owner: string | undefined): Queue[] {
  const queues: Queue[] = [];
  let looked = 0;
  for (const some of [state.queues, state.coordinators]) {
    for (const queue of some.values()) {
      if (owner === undefined || queue.owner === owner) queues.push(queue);
      if ((looked += 1) === MOST_QUEUES) break;
    }
  }
  return queues.sort((a, b) => a.priority - b.priority || (a.jobs.first() ?? 0) - (b.jobs.first() ?? 0));
}

function inOrder(a: LiveJob, b: LiveJob): number {
  const rank = (job: LiveJob) => (job.leases.size > 0 ? 0 : job.state.status === 'paused' ? 2 : 1);
  return rank(a) - rank(b) || a.state.priority - b.state.priority || a.id - b.id;
}
