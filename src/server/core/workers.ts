import { isCoordinator } from '../../model/job.js';
import type { Lease } from '../../model/task.js';
import { heard } from './answers.js';
import type { Effects } from './effects.js';
import { endTask, statedEnding } from './endings.js';
import type { WorkerRegistered, WorkerRenewed } from './events.js';
import { hold, deleteWaiting, recall, release, remember, requeue, settleHolding } from './leases.js';
import { type Holding, type LiveJob, type LiveWorker, newWorker, type State } from './state.js';
import type { Turn } from './turn.js';

/** A worker came, or came back: its leases and what it says it holds are made one. */
export function workerRegistered(state: State, event: WorkerRegistered, now: number, effects: Effects): void {
  const number = event.known ?? numberOf(state, event.instance) ?? newNumber(state, event, now, effects);
  const { connection } = event;
  if (connection < (state.workers.get(number)?.newestConnection ?? 0)) {
    const reason = 'A newer connection of the same worker is open.';
    effects.sends.push({ type: 'disconnect', worker: number, connection, reason });
    return;
  }
  const worker = enterWorker({ state, now, effects }, event, number);
  const held = new Set(event.held.map((lease) => keyOf(lease)));
  takeBackUnheld(state, worker, held, effects);
  const stale = event.held.filter((lease) => !isWanted(state, worker, lease, effects));
  effects.sends.push({ type: 'welcome', worker: worker.number, connection: event.connection, stale });
}

export function workerRenewed(state: State, event: WorkerRenewed, now: number): void {
  const worker = heard(state, event, now);
  if (worker === undefined) return;
  worker.credit = event.credit;
  worker.busySlots = event.busySlots;
  worker.load1 = event.load1;
  worker.freeMemoryMb = event.freeMemoryMb;
  // For people only: it is in no store, and after a restart the worker says it again.
  for (const { fraction, ...lease } of event.progress) {
    jobHeld(state, worker, lease)?.progress.set(lease.index, Math.min(1, Math.max(0, fraction)));
  }
  for (const { runMs, ...lease } of event.running) {
    jobHeld(state, worker, lease)?.starts.set(lease.index, now - runMs);
  }
}

/** The job of a lease that this worker has now. */
function jobHeld(state: State, worker: LiveWorker, { job: id, index, attempt }: Lease): LiveJob | undefined {
  const job = state.jobs.get(id);
  const holding = job?.leases.get(index);
  return holding?.grant.worker === worker.number && holding.attempt === attempt ? job : undefined;
}

/** Its leases go on: it may come back before they run out. */
export function workerDisconnected(
  state: State,
  event: { readonly worker: number; readonly connection: number },
  now: number,
): void {
  const worker = heard(state, event, now);
  if (worker === undefined) return;
  worker.connection = undefined;
  if (worker.draining && worker.held + worker.coordinating === 0) state.workers.delete(worker.number);
}

/**
 * A clock that went back is noticed at the first event after it: one that jumps back and then forth again
 * before the next tick would make all workers look silent.
 */
export function clockRead(state: State, now: number): void {
  if (now >= state.lastTickAtMs) return;
  state.lastTickAtMs = now;
  for (const worker of state.workers.values()) worker.lastSeenAtMs = now;
}

/** Time passed: workers that were not heard of for too long are lost. */
export function ticked(state: State, now: number, effects: Effects): void {
  const passed = now - state.lastTickAtMs;
  // After a stop of this process or a jump of the clock the silence was ours: all get their time again.
  const unheard = passed > state.config.tickMs * 3;
  state.lastTickAtMs = now;
  for (const worker of [...state.workers.values()]) {
    if (unheard) worker.lastSeenAtMs = now;
    else if (now - worker.lastSeenAtMs > state.config.leaseMs) {
      loseWorker({ state, now, effects }, worker, { isFailure: true });
    }
  }
}

function enterWorker({ state, now, effects }: Turn, event: WorkerRegistered, number: number): LiveWorker {
  const before = state.workers.get(number);
  if (before?.connection !== undefined) {
    const reason = 'A newer connection of the same worker took over.';
    effects.sends.push({ type: 'disconnect', worker: number, connection: before.connection, reason });
  }
  const worker = before ?? newWorker({ ...event, number }, now);
  worker.info = event.info;
  worker.user = event.user;
  worker.role = event.role;
  worker.connection = event.connection;
  worker.newestConnection = event.connection;
  worker.lastSeenAtMs = now;
  worker.connectedAtMs = now;
  worker.draining = false;
  worker.stopping = false;
  // A worker's first Renew comes a moment later: until then one task a slot.
  worker.credit = event.info.slots;
  if (before === undefined) {
    state.workers.set(number, worker);
    for (const grant of state.grants.values()) if (grant.worker === number) worker.grants.add(grant);
  }
  return worker;
}

function numberOf(state: State, instance: string): number | undefined {
  for (const worker of state.workers.values()) if (worker.instance === instance) return worker.number;
  return undefined;
}

function newNumber(state: State, event: WorkerRegistered, now: number, effects: Effects): number {
  state.lastWorker += 1;
  effects.writes.push({
    type: 'put-worker',
    worker: {
      number: state.lastWorker,
      instance: event.instance,
      user: event.user,
      name: event.info.name,
      host: event.info.host,
      firstSeenAtMs: now,
    },
  });
  return state.lastWorker;
}

/** Leases the worker does not know never reached it, or it has given them up: their tasks wait again. */
function takeBackUnheld(state: State, worker: LiveWorker, held: ReadonlySet<string>, effects: Effects): void {
  for (const { job, index, attempt } of leasesOf(state, worker)) {
    if (held.has(keyOf({ job: job.id, index, attempt }))) continue;
    const current = job.leases.get(index);
    if (current?.grant.worker === worker.number && current.attempt === attempt) {
      release(state, job, index, current);
      settleHolding(state, current, effects);
      requeue(state, job, index, attempt);
    } else {
      const lapsed = recall(job, index, worker.number, attempt);
      if (lapsed !== undefined) settleHolding(state, lapsed, effects);
    }
  }
}

/** Whether the worker shall go on with an attempt it holds; one that had run out and still waits is taken up again. */
function isWanted(state: State, worker: LiveWorker, lease: Lease, effects: Effects): boolean {
  const { job: id, index, attempt } = lease;
  const job = state.jobs.get(id);
  if (job === undefined) return false;
  const current = job.leases.get(index);
  if (current?.grant.worker === worker.number && current.attempt === attempt) return true;
  const lapsed = recall(job, index, worker.number, attempt);
  if (lapsed === undefined) return false;
  if (isCoordinator(job.spec, index) && (current !== undefined || attempt < (job.attempts.get(index) ?? 0))) {
    // Another one has taken over the job by now, and two would only take it from each other.
    settleHolding(state, lapsed, effects);
    return false;
  }
  if (current === undefined && deleteWaiting(state, job, index)) hold(state, job, index, lapsed);
  else remember(job, index, lapsed);
  return true;
}

/**
 * The lease ran out, or somebody knows that the worker is gone: what it ran is tried elsewhere. It may still come
 * back and answer.
 *
 * @param isFailure whether the attempts that it ran have failed
 */
export function loseWorker(
  { state, now, effects }: Turn,
  worker: LiveWorker,
  { isFailure }: { readonly isFailure: boolean },
): void {
  let started = 0;
  for (const lease of leasesOf(state, worker)) {
    const { job, index, holding } = lease;
    if (job.leases.get(index) !== holding) continue;
    const startedAtMs = job.starts.get(index);
    release(state, job, index, holding);
    if (isCoordinator(job.spec, index)) {
      // It lives for days, over the walltimes of many workers: losing one of them is no failure of its own.
      remember(job, index, holding);
      requeue(state, job, index, holding.attempt);
      continue;
    }
    // Leases are run in the order of their grants, so that the oldest ones are those that were running.
    started += 1;
    const isBlamed = isFailure && started <= worker.info.slots;
    remember(job, index, isBlamed ? { ...holding, blamed: true } : holding);
    if (isBlamed && !holding.blamed) blameWorker({ state, now, effects }, worker, { ...lease, startedAtMs });
    else requeue(state, job, index, holding.attempt);
  }
  if (worker.connection !== undefined) {
    const reason = `Nothing was heard for ${String(state.config.leaseMs)} ms.`;
    effects.sends.push({ type: 'disconnect', worker: worker.number, connection: worker.connection, reason });
  }
  state.workers.delete(worker.number);
}

function blameWorker(
  turn: Turn,
  worker: LiveWorker,
  { job, index, holding, startedAtMs }: OwnLease & { readonly startedAtMs: number | undefined },
): void {
  const { state, effects } = turn;
  job.attempts.set(index, holding.attempt);
  const failures = (job.failures.get(index) ?? 0) + 1;
  const { name, host } = worker.info;
  const silence = `nothing was heard of it for ${String(state.config.leaseMs)} ms while it held this task`;
  const { failure, ...ending } = statedEnding(turn, job, {
    index,
    status: 'failed',
    failure: {
      kind: 'worker-lost',
      message: `The worker ${name} was lost: ${silence}.`,
      workerName: name,
      host,
      ...(startedAtMs === undefined ? {} : { startedAtMs }),
    },
  });
  effects.writes.push({ type: 'put-failure', job: job.id, index, attempt: holding.attempt, failure });
  if (failures >= job.spec.limits.maxAttempts) {
    endTask(turn, job, { ...ending, worker: worker.number }, failure);
    return;
  }
  job.failures.set(index, failures);
  requeue(state, job, index, holding.attempt);
}

interface OwnLease {
  readonly job: LiveJob;
  readonly index: number;
  readonly attempt: number;
  readonly holding: Holding;
}

/** All leases of a worker that may still be answered, current and lapsed, in the order of their grants. */
function leasesOf(state: State, worker: LiveWorker): OwnLease[] {
  const leases: OwnLease[] = [];
  for (const grant of worker.grants) {
    for (const run of grant.runs) {
      const job = state.jobs.get(run.job);
      if (job === undefined) continue;
      for (let index = run.firstIndex; index < run.firstIndex + run.count; index += 1) {
        const holding = holdingOf(job, index, grant.id);
        if (holding !== undefined) leases.push({ job, index, attempt: holding.attempt, holding });
      }
    }
  }
  return leases;
}

function holdingOf(job: LiveJob, index: number, grant: number): Holding | undefined {
  const current = job.leases.get(index);
  if (current?.grant.id === grant) return current;
  return job.lapsed.get(index)?.find((it) => it.grant.id === grant);
}

function keyOf({ job, index, attempt }: Lease): string {
  return `${String(job)}/${String(index)}/${String(attempt)}`;
}
