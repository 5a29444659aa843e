import { isCoordinator, type Attempt, type TaskIndex } from '../../model/job.js';
import type { Effects } from './effects.js';
import {
  type Holding,
  type LiveJob,
  type LiveWorker,
  type Needs,
  needsOfJob,
  type Queue,
  type State,
} from './state.js';
import { JobQueue } from './job-queue.js';
import type { LeaseRun } from './writes.js';

/** Leases these waiting tasks to one worker: one grant in the store, one message. Their indexes have been taken from `waiting`. */
export function grantLeases(
  state: State,
  worker: LiveWorker,
  runs: readonly LeaseRun[],
  effects: Effects,
): void {
  state.lastGrant += 1;
  const grant = { id: state.lastGrant, worker: worker.number, runs, open: 0 };
  for (const run of runs) {
    const job = mustHaveJob(state, run);
    const holding: Holding = { grant, attempt: run.attempt, blamed: false };
    for (let offset = 0; offset < run.count; offset += 1) hold(state, job, run.firstIndex + offset, holding);
    grant.open += run.count;
    if (run.attempt > job.state.maxAttempt) {
      job.state.maxAttempt = run.attempt;
      state.dirty.add(job);
    }
  }
  state.grants.set(grant.id, grant);
  worker.grants.add(grant);
  effects.writes.push({ type: 'put-grant', grant: { id: grant.id, worker: worker.number, runs } });
  if (worker.connection !== undefined) {
    effects.sends.push({ type: 'lease', worker: worker.number, connection: worker.connection, runs });
  }
}

/** Makes `holding` the current lease of a task that is neither waiting nor leased. */
export function hold(state: State, job: LiveJob, index: TaskIndex, holding: Holding): void {
  const worker = state.workers.get(holding.grant.worker);
  if (worker === undefined)
    throw new Error(`lease of worker ${String(holding.grant.worker)}, which is not in the state`);
  job.leases.set(index, holding);
  state.dirty.add(job);
  if (isCoordinator(job.spec, index)) {
    worker.coordinating += 1;
    return;
  }
  worker.held += 1;
  state.share.set(job.owner, (state.share.get(job.owner) ?? 0) + 1);
  for (const name in job.spec.resources) {
    worker.resourcesUsed.set(name, (worker.resourcesUsed.get(name) ?? 0) + (job.spec.resources[name] ?? 0));
  }
}

/** Ends the current lease of a task; what becomes of the task and of the grant is the caller's to say. */
export function release(state: State, job: LiveJob, index: TaskIndex, holding: Holding): void {
  job.leases.delete(index);
  if (job.progress.size > 0) job.progress.delete(index);
  if (job.starts.size > 0) job.starts.delete(index);
  state.dirty.add(job);
  const worker = state.workers.get(holding.grant.worker);
  if (isCoordinator(job.spec, index)) {
    if (worker !== undefined) worker.coordinating -= 1;
    return;
  }
  const share = (state.share.get(job.owner) ?? 0) - 1;
  if (share > 0) state.share.set(job.owner, share);
  else state.share.delete(job.owner);
  if (worker === undefined) return;
  worker.held -= 1;
  for (const name in job.spec.resources) {
    worker.resourcesUsed.set(name, (worker.resourcesUsed.get(name) ?? 0) - (job.spec.resources[name] ?? 0));
  }
}

/** Keeps a released lease in mind: its worker may come back and answer. */
export function remember(job: LiveJob, index: TaskIndex, holding: Holding): void {
  const lapsed = job.lapsed.get(index);
  if (lapsed === undefined) job.lapsed.set(index, [holding]);
  else lapsed.push(holding);
}

/** Takes a lapsed lease out of mind again; undefined when it is not there. */
export function recall(
  job: LiveJob,
  index: TaskIndex,
  worker: number,
  attempt: Attempt,
): Holding | undefined {
  if (job.lapsed.size === 0) return undefined;
  const lapsed = job.lapsed.get(index);
  const place = lapsed?.findIndex((it) => it.grant.worker === worker && it.attempt === attempt) ?? -1;
  if (lapsed === undefined || place < 0) return undefined;
  const [holding] = lapsed.splice(place, 1);
  if (lapsed.length === 0) job.lapsed.delete(index);
  return holding;
}

/** No answer can come under this lease any more: one task fewer in its grant. */
export function settleHolding(state: State, holding: Holding, effects: Effects): void {
  const { grant } = holding;
  grant.open -= 1;
  if (grant.open > 0) return;
  state.grants.delete(grant.id);
  state.workers.get(grant.worker)?.grants.delete(grant);
  effects.writes.push({ type: 'delete-grant', id: grant.id });
}

/** A task ended: what was kept to run it again goes. Its current lease has been released. */
export function settleTask(state: State, job: LiveJob, index: TaskIndex, effects: Effects): void {
  if (job.attempts.size > 0) job.attempts.delete(index);
  if (job.failures.size > 0) job.failures.delete(index);
  if (job.lapsed.size === 0) return;
  for (const holding of job.lapsed.get(index) ?? []) settleHolding(state, holding, effects);
  job.lapsed.delete(index);
}

/** Puts a task that was leased at `attempt` back among the waiting ones. */
export function requeue(state: State, job: LiveJob, index: TaskIndex, attempt: Attempt): void {
  job.attempts.set(index, Math.max(attempt, job.attempts.get(index) ?? 0));
  addWaiting(state, job, index, 1);
}

export function addWaiting(state: State, job: LiveJob, first: TaskIndex, count: number): void {
  if (count > 0 && isCoordinator(job.spec, first)) {
    job.coordinatorWaits = true;
    job.waiting.add(1, count - 1);
  } else {
    job.waiting.add(first, count);
  }
  state.waitingTasks += count;
  state.dirty.add(job);
  enqueue(state, job);
}

/** Whether the task was waiting. */
export function deleteWaiting(state: State, job: LiveJob, index: TaskIndex): boolean {
  if (index === 0 && job.coordinatorWaits) {
    dequeueCoordinator(state, job);
    job.coordinatorWaits = false;
    state.waitingTasks -= 1;
    state.dirty.add(job);
    return true;
  }
  if (!job.waiting.delete(index)) return false;
  state.waitingTasks -= 1;
  state.dirty.add(job);
  if (job.waiting.size === 0) dequeue(state, job);
  return true;
}

/** Puts a job where the scheduler looks, if it has waiting tasks, is not paused and waits for no other job. */
export function enqueue(state: State, job: LiveJob): void {
  if (job.state.status !== 'waiting' || job.state.blocked === true) return;
  if (job.coordinatorWaits) addTo(state.coordinators, coordinatorKeyOf(job), job, needsOfCoordinator(job));
  if (job.waiting.size > 0) addTo(state.queues, job.queueKey, job, undefined);
}

/** Takes a job out of the queue of those with waiting tasks; its coordinator may go on waiting. */
export function dequeue(state: State, job: LiveJob): void {
  removeFrom(state.queues, job.queueKey, job);
}

function dequeueCoordinator(state: State, job: LiveJob): void {
  if (job.coordinatorWaits) removeFrom(state.coordinators, coordinatorKeyOf(job), job);
}

/** Takes a job out of the scheduler's sight altogether. */
export function withdraw(state: State, job: LiveJob): void {
  dequeue(state, job);
  dequeueCoordinator(state, job);
}

/** The labels and resources of a job are for its tasks: its coordinator takes nothing of a worker's. */
export function needsOfCoordinator(job: LiveJob): Needs {
  return { owner: job.owner, evaluator: job.spec.evaluator, labels: [], resources: {} };
}

/** Coordinators with the same key run on the same workers, in the order of their jobs' numbers. */
export function coordinatorKeyOf(job: LiveJob): string {
  return queueKeyOf(job.owner, job.state.priority, needsOfCoordinator(job));
}

function addTo(queues: Map<string, Queue>, key: string, job: LiveJob, needs: Needs | undefined): void {
  let queue = queues.get(key);
  if (queue === undefined) {
    queue = {
      key,
      priority: job.state.priority,
      owner: job.owner,
      needs: needs ?? needsOfJob(job),
      jobs: new JobQueue(),
    };
    queues.set(key, queue);
  }
  queue.jobs.add(job.id);
}

function removeFrom(queues: Map<string, Queue>, key: string, job: LiveJob): void {
  const queue = queues.get(key);
  if (queue === undefined) return;
  queue.jobs.delete(job.id);
  if (queue.jobs.size === 0) queues.delete(key);
}

/** Jobs with the same key run on the same workers, in the order of their numbers. */
export function queueKeyOf(owner: string, priority: number, needs: Omit<Needs, 'owner'>): string {
  const plain = needs.labels.length === 0 && Object.keys(needs.resources).length === 0;
  if (plain) return `${String(priority)} ${owner} ${needs.evaluator}`;
  const resources = Object.entries(needs.resources).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([priority, owner, needs.evaluator, [...needs.labels].sort(), resources]);
}

function mustHaveJob(state: State, run: LeaseRun): LiveJob {
  const job = state.jobs.get(run.job);
  if (job === undefined) throw new Error(`lease of job ${String(run.job)}, which is not in the state`);
  return job;
}
