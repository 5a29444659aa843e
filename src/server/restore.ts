import type { WorkerInfo } from '../model/worker.js';
import { block } from './core/dependencies.js';
import { enter } from './core/jobs.js';
import { enqueue, hold, remember } from './core/leases.js';
import {
  type Config,
  emptyState,
  type Holding,
  type LiveGrant,
  type LiveJob,
  type LiveWorker,
  newWorker,
  type State,
  statusOf,
  waitingCount,
} from './core/state.js';
import type { Grant, WorkerRecord, Write } from './core/writes.js';
import type { Store } from './store/store.js';

/**
 * Builds the state from the store after a start. Leases go on: their workers are taken for disconnected
 * and have the lease time to come back. Returns writes that clean up what a crash left half told.
 */
export function restore(store: Store, config: Config, now: number): { state: State; writes: Write[] } {
  const state = emptyState(config, store.numbers());
  state.lastTickAtMs = now;
  for (const record of store.unfinishedJobs()) {
    const job = enter(state, record);
    restoreFailures(store, job);
  }
  for (const job of state.jobs.values()) restoreBlock(state, job);
  const writes: Write[] = [];
  const leased = new Map<LiveJob, Map<number, Holding>>();
  for (const grant of store.grants()) {
    if (!restoreGrant({ state, store, leased, now }, grant))
      writes.push({ type: 'delete-grant', id: grant.id });
  }
  for (const job of state.jobs.values()) restoreTasks(state, store, job, leased.get(job) ?? new Map());
  // What was restored is what is stored: nothing of it needs to be written or told again.
  state.dirty.clear();
  for (const job of state.jobs.values()) job.told.status = statusOf(job);
  return { state, writes };
}

/** One that failed has taken the job with it, in the same commit: what is not here was completed. */
function restoreBlock(state: State, job: LiveJob): void {
  if (job.state.blocked !== true) return;
  const open = (job.spec.after ?? []).filter((id) => state.jobs.has(id));
  if (open.length > 0) block(state, job, open);
  else delete job.state.blocked;
}

function restoreFailures(store: Store, job: LiveJob): void {
  const { firstAttempt } = job.state;
  for (const { index, lastAttempt } of store.failedAttempts(job.id)) {
    if (lastAttempt < firstAttempt || store.end(job.id, index) !== undefined) continue;
    job.attempts.set(index, lastAttempt);
    const counted = store.failures(job.id, index).filter(({ attempt }) => attempt >= firstAttempt);
    job.failures.set(index, counted.length);
  }
}

interface Restoring {
  readonly state: State;
  readonly store: Store;
  readonly now: number;
  /** The newest lease of each task that is taken to be running. */
  readonly leased: Map<LiveJob, Map<number, Holding>>;
}

/** Whether any task of the grant may still be answered under it. */
function restoreGrant(
  { state, store, leased, now }: Restoring,
  { id, worker: number, runs }: Grant,
): boolean {
  const record = store.worker(number);
  if (record === undefined) return false;
  const grant: LiveGrant = { id, worker: number, runs, open: 0 };
  for (const run of runs) {
    const job = state.jobs.get(run.job);
    if (job === undefined || run.attempt < job.state.firstAttempt) continue;
    for (let index = run.firstIndex; index < run.firstIndex + run.count; index += 1) {
      if (store.end(job.id, index) !== undefined) continue;
      grant.open += 1;
      const holding = { grant, attempt: run.attempt, blamed: hasFailed(store, job, index, run.attempt) };
      // A later attempt was made, or this one has failed: it can still answer, and is not waited for.
      if (run.attempt <= (job.attempts.get(index) ?? 0)) {
        remember(job, index, holding);
        continue;
      }
      const tasks = leased.get(job) ?? new Map<number, Holding>();
      leased.set(job, tasks);
      const before = tasks.get(index);
      if (before !== undefined) remember(job, index, before);
      tasks.set(index, holding);
    }
  }
  if (grant.open === 0) return false;
  state.grants.set(id, grant);
  workerOf(state, record, now).grants.add(grant);
  return true;
}

function hasFailed(store: Store, job: LiveJob, index: number, failed: number): boolean {
  return job.failures.has(index) && store.failures(job.id, index).some(({ attempt }) => attempt === failed);
}

/** What neither ended nor is leased waits. */
function restoreTasks(state: State, store: Store, job: LiveJob, leased: ReadonlyMap<number, Holding>): void {
  let next = 0;
  for (const index of store.endedIndexes(job.id)) {
    job.waiting.add(next, index - next);
    next = index + 1;
  }
  job.waiting.add(next, job.state.taskCount - next);
  for (const [index, holding] of leased) {
    job.waiting.delete(index);
    hold(state, job, index, holding);
  }
  if (job.spec.detached === true) job.coordinatorWaits = job.waiting.delete(0);
  state.waitingTasks += waitingCount(job);
  enqueue(state, job);
}

/** What only the worker itself can say, when it comes back. */
const NOTHING_KNOWN: Omit<WorkerInfo, 'name' | 'host'> = {
  pid: 0,
  slots: 1,
  labels: [],
  resources: {},
  evaluators: [],
  cpuModel: '',
  cpuCount: 0,
  memoryMb: 0,
  nodeVersion: '',
  packageVersion: '',
  platform: '',
  speedMmps: 0,
  coordinators: 0,
};

function workerOf(state: State, record: WorkerRecord, now: number): LiveWorker {
  const known = state.workers.get(record.number);
  if (known !== undefined) return known;
  const { name, host } = record;
  const worker = newWorker({ ...record, role: 'worker', info: { ...NOTHING_KNOWN, name, host } }, now);
  state.workers.set(record.number, worker);
  return worker;
}
