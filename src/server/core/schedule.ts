import type { Effects } from './effects.js';
import { kindKey } from './answers.js';
import { dequeue, grantLeases } from './leases.js';
import type { LiveJob, LiveWorker, Needs, Queue, State } from './state.js';
import type { LeaseRun } from './writes.js';

/** How much work a worker may have queued behind its slots, so that short tasks never starve it. */
const QUEUE_MS = 50;
/** Tasks longer than this are given one by one: a millisecond on the way costs them nothing. */
const LONG_MS = 500;
/** How many short tasks one choice gives out while several users wait; of others it gives one. */
const FAIR_CHUNK = 16;

interface Allocation {
  readonly worker: LiveWorker;
  readonly runs: LeaseRun[];
  /** Room beyond the slots is for short tasks only. */
  room: number;
  /** Resources that this round's leases take, beside those of the leases held. */
  readonly taken: Map<string, number>;
}

/** All that one round of giving out goes by. */
interface Round {
  readonly state: State;
  readonly now: number;
  readonly allocations: readonly Allocation[];
}

/**
 * Step 3 of the flow: matches waiting tasks with workers. Priority first, then the user who holds
 * fewest leases, then order of arrival. Deterministic: the same state gives the same leases.
 */
export function schedule(state: State, now: number, effects: Effects): void {
  if (state.queues.size === 0) return;
  const allocations = workersWithRoom(state);
  if (allocations.length === 0) return;
  const shares = new Map(state.share);
  let candidates = [...state.queues.values()];
  const round = { state, now, allocations };
  while (candidates.length > 0) {
    const queue = best(candidates, shares);
    const given = serve(round, queue, hasRivals(queue, candidates));
    if (given === 0 || queue.jobs.size === 0) candidates = candidates.filter((it) => it !== queue);
    else shares.set(queue.owner, (shares.get(queue.owner) ?? 0) + given);
  }
  for (const { worker, runs } of allocations) {
    if (runs.length > 0) grantLeases(state, worker, runs, effects);
  }
}

/** Whether a worker could ever run such a task; the reason when it could not. */
export function unfit(worker: LiveWorker, needs: Needs): string | undefined {
  if (worker.role === 'user' && worker.user !== needs.owner) {
    return `it was started by the user ${worker.user} and runs only that user's tasks`;
  }
  if (!worker.info.evaluators.includes(needs.evaluator)) return `it has no evaluator ${needs.evaluator}`;
  const missing = needs.labels.filter((label) => !worker.info.labels.includes(label));
  if (missing.length > 0) return `it lacks the label ${missing.join(', ')}`;
  for (const name in needs.resources) {
    const wanted = needs.resources[name] ?? 0;
    const has = worker.info.resources[name] ?? 0;
    if (has < wanted) return `it has ${String(has)} of the resource ${name}; a task needs ${String(wanted)}`;
  }
  return undefined;
}

function workersWithRoom(state: State): Allocation[] {
  const allocations: Allocation[] = [];
  for (const worker of state.workers.values()) {
    if (worker.connection === undefined || worker.draining) continue;
    const room = worker.credit - worker.held;
    if (room > 0) allocations.push({ worker, runs: [], room, taken: new Map() });
  }
  return allocations;
}

function best(queues: readonly Queue[], shares: ReadonlyMap<string, number>): Queue {
  let [chosen] = queues;
  for (const queue of queues) {
    if (chosen === undefined || precedes(queue, chosen, shares)) chosen = queue;
  }
  if (chosen === undefined) throw new Error('there is no queue to choose from');
  return chosen;
}

function precedes(a: Queue, b: Queue, shares: ReadonlyMap<string, number>): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority;
  if (a.owner !== b.owner) {
    const difference = (shares.get(a.owner) ?? 0) - (shares.get(b.owner) ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return (a.jobs.first() ?? 0) < (b.jobs.first() ?? 0);
}

/** Gives tasks of the queue's first job to the worker that has most room for them; how many were given. */
function serve(round: Round, queue: Queue, isShared: boolean): number {
  const { state, allocations } = round;
  const id = queue.jobs.first();
  const job = id === undefined ? undefined : state.jobs.get(id);
  if (job === undefined) throw new Error(`queue ${queue.key} names a job that is not in the state`);
  const meanMs = job.meanMs ?? (job.state.taskCount === 1 ? state.meanMsByKind.get(kindKey(job)) : undefined);
  let chosen: Allocation | undefined;
  let chosenRoom = 0;
  let chosenLoad = 0;
  let fitting = 0;
  for (const allocation of allocations) {
    if (allocation.room <= 0 || unfit(allocation.worker, queue.needs) !== undefined) continue;
    const room = roomFor(allocation, queue.needs, meanMs);
    if (room <= 0) continue;
    fitting += 1;
    const load = loadOf(allocation);
    if (chosen === undefined || load < chosenLoad)
      [chosen, chosenRoom, chosenLoad] = [allocation, room, load];
  }
  if (chosen === undefined) return 0;
  // The last tasks of a job are spread in ever smaller portions, so that all workers end together.
  const portion = Math.ceil(job.waiting.size / (2 * fitting));
  const wanted = Math.min(
    chosenRoom,
    Math.max(portion, freeSlots(chosen), 1),
    isShared ? (isShort(meanMs) ? FAIR_CHUNK : 1) : Infinity,
  );
  return take(round, job, chosen, wanted);
}

/** Whether another user waits for the same slots. */
function hasRivals(queue: Queue, candidates: readonly Queue[]): boolean {
  return candidates.some(({ owner, priority }) => owner !== queue.owner && priority === queue.priority);
}

function isShort(meanMs: number | undefined): meanMs is number {
  return meanMs !== undefined && meanMs <= LONG_MS;
}

/** Leases that a worker may have more of this job. */
function roomFor(allocation: Allocation, needs: Needs, meanMs: number | undefined): number {
  const { worker } = allocation;
  const { slots } = worker.info;
  const queued = isShort(meanMs) ? Math.ceil((slots * QUEUE_MS) / Math.max(meanMs, 0.02)) : 0;
  let room = Math.min(allocation.room, slots + queued - heldBy(allocation));
  for (const name in needs.resources) {
    const wanted = needs.resources[name] ?? 0;
    if (wanted <= 0) continue;
    const free = freeResource(worker, name) - (allocation.taken.get(name) ?? 0);
    room = Math.min(room, fitsInto(free, wanted));
  }
  return room;
}

function heldBy({ worker, room }: Allocation): number {
  return worker.credit - room;
}

function loadOf(allocation: Allocation): number {
  return heldBy(allocation) / allocation.worker.info.slots;
}

function freeSlots(allocation: Allocation): number {
  return allocation.worker.info.slots - heldBy(allocation);
}

function freeResource(worker: LiveWorker, name: string): number {
  return (worker.info.resources[name] ?? 0) - (worker.resourcesUsed.get(name) ?? 0);
}

/** How many tasks that want so much fit; a sum of tenths is never quite what it should be. */
function fitsInto(free: number, wanted: number): number {
  return Math.floor(free / wanted + 1e-9);
}

/** The resource that a fitting worker has too little of at the moment, if there is one. */
export function exhausted(worker: LiveWorker, needs: Needs): string | undefined {
  for (const name in needs.resources) {
    const wanted = needs.resources[name] ?? 0;
    if (wanted > 0 && fitsInto(freeResource(worker, name), wanted) < 1) return name;
  }
  return undefined;
}

function take({ state, now }: Round, job: LiveJob, allocation: Allocation, wanted: number): number {
  let given = 0;
  while (given < wanted) {
    const run = job.waiting.takeFirst(wanted - given);
    if (run === undefined) break;
    pushRuns(job, run.first, run.count, allocation.runs);
    given += run.count;
  }
  allocation.room -= given;
  for (const name in job.spec.resources) {
    const wanted = job.spec.resources[name] ?? 0;
    allocation.taken.set(name, (allocation.taken.get(name) ?? 0) + given * wanted);
  }
  state.waitingTasks -= given;
  if (job.state.startedAtMs === 0) {
    job.state.startedAtMs = now;
    state.dirty.add(job);
  }
  if (job.waiting.size === 0) dequeue(state, job);
  return given;
}

/** Splits where the attempt number changes: tasks that were tried before stand out. */
function pushRuns(job: LiveJob, first: number, count: number, runs: LeaseRun[]): void {
  if (job.attempts.size === 0) {
    runs.push({ job: job.id, firstIndex: first, count, attempt: job.state.firstAttempt });
    return;
  }
  let start = first;
  let attempt = nextAttempt(job, first);
  for (let index = first + 1; index <= first + count; index += 1) {
    const next = index === first + count ? -1 : nextAttempt(job, index);
    if (next === attempt) continue;
    runs.push({ job: job.id, firstIndex: start, count: index - start, attempt });
    [start, attempt] = [index, next];
  }
}

/** The number of a task's next attempt. */
export function nextAttempt(job: LiveJob, index: number): number {
  return (job.attempts.get(index) ?? job.state.firstAttempt - 1) + 1;
}
