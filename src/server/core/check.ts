import { isFinal } from '../../model/status.js';
import type { LiveJob, LiveWorker, State } from './state.js';

/** Throws when the state contradicts itself. Runs after every step of the simulation and of the tests. */
export function check(state: State): void {
  let waiting = 0;
  const share = new Map<string, number>();
  const heldByWorker = new Map<number, number>();
  const openByGrant = new Map<number, number>();
  for (const job of state.jobs.values()) {
    waiting += job.waiting.size;
    checkJob(state, job);
    if (job.leases.size > 0) share.set(job.owner, (share.get(job.owner) ?? 0) + job.leases.size);
    for (const [index, holding] of job.leases) {
      const { worker } = holding.grant;
      heldByWorker.set(worker, (heldByWorker.get(worker) ?? 0) + 1);
      openByGrant.set(holding.grant.id, (openByGrant.get(holding.grant.id) ?? 0) + 1);
      ensure(
        state.workers.has(worker),
        `task ${story(job, index)} is leased to the unknown worker ${String(worker)}`,
      );
      ensure(!job.waiting.has(index), `task ${story(job, index)} is leased and waits at once`);
    }
    for (const [index, holdings] of job.lapsed) {
      ensure(
        job.waiting.has(index) || job.leases.has(index),
        `ended task ${story(job, index)} has old leases`,
      );
      for (const { grant } of holdings) openByGrant.set(grant.id, (openByGrant.get(grant.id) ?? 0) + 1);
    }
  }
  ensureEqual(state.waitingTasks, waiting, 'waitingTasks');
  ensureEqual(state.share.size, share.size, 'users with leases');
  for (const [owner, count] of share) ensureEqual(state.share.get(owner), count, `leases of ${owner}`);
  for (const worker of state.workers.values()) {
    checkResources(state, worker);
    ensureEqual(
      worker.held,
      heldByWorker.get(worker.number) ?? 0,
      `leases of worker ${String(worker.number)}`,
    );
  }
  for (const grant of state.grants.values()) {
    ensureEqual(grant.open, openByGrant.get(grant.id) ?? 0, `open leases of grant ${String(grant.id)}`);
    ensure(grant.open > 0, `grant ${String(grant.id)} is empty and still kept`);
    const holder = state.workers.get(grant.worker);
    ensure(
      holder?.grants.has(grant) !== false,
      `worker ${String(grant.worker)} lacks its grant ${String(grant.id)}`,
    );
  }
  for (const id of openByGrant.keys())
    ensure(state.grants.has(id), `grant ${String(id)} is held and not kept`);
  checkQueues(state);
  checkDependencies(state);
}

function checkJob(state: State, job: LiveJob): void {
  const { ends, taskCount, answerCount, closed } = job.state;
  const ended = ends.completed + ends.failed + ends.killed;
  ensureEqual(ended + job.waiting.size + job.leases.size, taskCount, `tasks of job ${String(job.id)}`);
  ensure(
    answerCount <= (job.state.maxAttempt + job.state.generation + 1) * taskCount,
    `job ${String(job.id)} has too many answers`,
  );
  if (isFinal(job.state.status)) {
    ensureEqual(job.waiting.size + job.leases.size, 0, `open tasks of the ended job ${String(job.id)}`);
  } else {
    const open = job.waiting.size + job.leases.size;
    ensure(
      !closed || open > 0 || job.state.blocked === true,
      `job ${String(job.id)} has no open task and has not ended`,
    );
  }
  for (const index of [...job.failures.keys(), ...job.attempts.keys()]) {
    const isOpen = job.waiting.has(index) || job.leases.has(index);
    ensure(isOpen, `ended task ${story(job, index)} is remembered`);
  }
  for (const index of job.progress.keys())
    ensure(job.leases.has(index), `task ${story(job, index)} makes progress and is not leased`);
  for (const [index, { attempt }] of job.leases) {
    ensure(attempt <= job.state.maxAttempt, `task ${story(job, index)} is leased above maxAttempt`);
    ensure(attempt >= job.state.firstAttempt, `task ${story(job, index)} is leased before firstAttempt`);
  }
  for (const [index, count] of job.failures) {
    ensure(count < job.spec.limits.maxAttempts, `task ${story(job, index)} failed too often to go on`);
  }
  const queue = state.queues.get(job.queueKey);
  const isQueued = queue !== undefined && [...queue.jobs].includes(job.id);
  const isBlocked = job.state.blocked === true;
  const shouldQueue = job.state.status === 'waiting' && job.waiting.size > 0 && !isBlocked;
  ensure(isQueued === shouldQueue, `job ${String(job.id)} is ${isQueued ? '' : 'not '}queued`);
  ensure(isBlocked === state.blocked.has(job.id), `job ${String(job.id)} is not rightly blocked`);
  ensure(!isBlocked || !isFinal(job.state.status), `job ${String(job.id)} has ended and is blocked`);
  ensure(!isBlocked || job.leases.size === 0, `job ${String(job.id)} is blocked and has leases`);
}

/** A blocked job waits for those of the jobs it names that have not ended, and can be found from every one of them. */
function checkDependencies(state: State): void {
  let pairs = 0;
  for (const [id, open] of state.blocked) {
    const after = new Set(state.jobs.get(id)?.spec.after);
    ensure(open.size > 0, `job ${String(id)} is blocked by nothing`);
    for (const named of after) {
      const status = state.jobs.get(named)?.state.status ?? 'completed';
      ensure(
        open.has(named) === !isFinal(status),
        `job ${String(id)} waits for job ${String(named)}: ${status}`,
      );
      const isKnown = state.dependents.get(named)?.has(id) === true;
      ensure(isKnown, `job ${String(named)} does not know that job ${String(id)} waits for it`);
    }
    for (const named of open) ensure(after.has(named), `job ${String(id)} never named job ${String(named)}`);
    pairs += after.size;
  }
  for (const dependents of state.dependents.values()) pairs -= dependents.size;
  ensureEqual(pairs, 0, 'dependents that wait no more');
}

function checkResources(state: State, worker: LiveWorker): void {
  const used = new Map<string, number>();
  for (const grant of worker.grants) {
    ensure(
      state.grants.get(grant.id) === grant,
      `worker ${String(worker.number)} has the deleted grant ${String(grant.id)}`,
    );
  }
  for (const job of state.jobs.values()) {
    for (const name in job.spec.resources) {
      for (const { grant } of job.leases.values()) {
        if (grant.worker !== worker.number) continue;
        used.set(name, (used.get(name) ?? 0) + (job.spec.resources[name] ?? 0));
      }
    }
  }
  for (const name of new Set([...used.keys(), ...worker.resourcesUsed.keys()])) {
    const difference = (used.get(name) ?? 0) - (worker.resourcesUsed.get(name) ?? 0);
    ensure(
      Math.abs(difference) < 1e-6,
      `worker ${String(worker.number)} miscounts its ${name} by ${String(difference)}`,
    );
  }
}

function checkQueues(state: State): void {
  for (const queue of state.queues.values()) {
    ensure(queue.jobs.size > 0, `queue ${queue.key} is empty and still kept`);
    let before = 0;
    for (const id of queue.jobs) {
      ensure(id > before, `queue ${queue.key} is out of order at job ${String(id)}`);
      ensure(state.jobs.has(id), `queue ${queue.key} names job ${String(id)}, which is not in the state`);
      before = id;
    }
  }
}

function story(job: LiveJob, index: number): string {
  const lease = job.leases.get(index);
  const attempt =
    lease === undefined
      ? 'no lease'
      : `attempt ${String(lease.attempt)} on worker ${String(lease.grant.worker)}`;
  return `${String(index)} of job ${String(job.id)} (${attempt}, ${String(job.failures.get(index) ?? 0)} failures)`;
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`check: ${what}`);
}

function ensureEqual(actual: number | undefined, expected: number, what: string): void {
  if (actual !== expected)
    throw new Error(`check: ${what}: ${String(actual)} instead of ${String(expected)}`);
}
