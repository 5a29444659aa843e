import { isCoordinator } from '../../model/job.js';
import { isFinal } from '../../model/status.js';
import { coordinatorKeyOf } from './leases.js';
import { isWaiting, type LiveJob, type LiveWorker, type Queue, type State, waitingCount } from './state.js';

/** Throws when the state contradicts itself. Runs after every step of the simulation and of the tests. */
export function check(state: State): void {
  let waiting = 0;
  const share = new Map<string, number>();
  const heldByWorker = new Map<number, number>();
  const coordinatingByWorker = new Map<number, number>();
  const openByGrant = new Map<number, number>();
  for (const job of state.jobs.values()) {
    waiting += waitingCount(job);
    checkJob(state, job);
    for (const [index, holding] of job.leases) {
      const { worker } = holding.grant;
      if (isCoordinator(job.spec, index)) add(coordinatingByWorker, worker);
      else {
        add(heldByWorker, worker);
        add(share, job.owner);
      }
      openByGrant.set(holding.grant.id, (openByGrant.get(holding.grant.id) ?? 0) + 1);
      ensure(
        state.workers.has(worker),
        `task ${story(job, index)} is leased to the unknown worker ${String(worker)}`,
      );
      ensure(!isWaiting(job, index), `task ${story(job, index)} is leased and waits at once`);
    }
    for (const [index, holdings] of job.lapsed) {
      ensure(
        isWaiting(job, index) || job.leases.has(index),
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
    const { draining, stopping, resumed } = worker;
    ensure(!draining || !resumed, `worker ${String(worker.number)} was resumed and drains`);
    ensure(!stopping || draining, `worker ${String(worker.number)} is to end and does not drain`);
    ensureEqual(
      worker.held,
      heldByWorker.get(worker.number) ?? 0,
      `leases of worker ${String(worker.number)}`,
    );
    ensureEqual(
      worker.coordinating,
      coordinatingByWorker.get(worker.number) ?? 0,
      `coordinators of worker ${String(worker.number)}`,
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
  checkQueues(state, state.queues);
  checkQueues(state, state.coordinators);
  checkDependencies(state);
}

function checkJob(state: State, job: LiveJob): void {
  const { ends, taskCount, answerCount, closed } = job.state;
  const ended = ends.completed + ends.failed + ends.killed;
  const waiting = waitingCount(job);
  ensureEqual(ended + waiting + job.leases.size, taskCount, `tasks of job ${String(job.id)}`);
  ensure(
    answerCount <= (job.state.maxAttempt + job.state.generation + 1) * taskCount,
    `job ${String(job.id)} has too many answers`,
  );
  if (isFinal(job.state.status)) {
    ensureEqual(waiting + job.leases.size, 0, `open tasks of the ended job ${String(job.id)}`);
  } else {
    const open = waiting + job.leases.size;
    ensure(
      !closed || open > 0 || job.state.blocked === true,
      `job ${String(job.id)} has no open task and has not ended`,
    );
  }
  const isLost = ends.failed + ends.killed > 0 && !isFinal(job.state.status);
  ensure(
    (job.state.firstLost !== undefined) === isLost,
    `job ${String(job.id)} does not know rightly what went wrong first`,
  );
  ensure(
    job.state.status !== 'failed' || job.state.reason !== '',
    `job ${String(job.id)} failed without a reason`,
  );
  for (const index of [...job.failures.keys(), ...job.attempts.keys()]) {
    const isOpen = isWaiting(job, index) || job.leases.has(index);
    ensure(isOpen, `ended task ${story(job, index)} is remembered`);
  }
  for (const index of job.starts.keys())
    ensure(job.leases.has(index), `task ${story(job, index)} has begun and is not leased`);
  for (const index of job.progress.keys())
    ensure(job.leases.has(index), `task ${story(job, index)} makes progress and is not leased`);
  for (const [index, { attempt }] of job.leases) {
    ensure(attempt <= job.state.maxAttempt, `task ${story(job, index)} is leased above maxAttempt`);
    ensure(attempt >= job.state.firstAttempt, `task ${story(job, index)} is leased before firstAttempt`);
  }
  for (const [index, count] of job.failures) {
    ensure(count < job.spec.limits.maxAttempts, `task ${story(job, index)} failed too often to go on`);
  }
  const isBlocked = job.state.blocked === true;
  const mayRun = job.state.status === 'waiting' && !isBlocked;
  const isQueued = isIn(state.queues.get(job.queueKey), job);
  const shouldQueue = mayRun && job.waiting.size > 0;
  ensure(isQueued === shouldQueue, `job ${String(job.id)} is ${isQueued ? '' : 'not '}queued`);
  const isCoordinatorQueued = isIn(state.coordinators.get(coordinatorKeyOf(job)), job);
  const shouldQueueCoordinator = mayRun && job.coordinatorWaits;
  const whose = `the coordinator of job ${String(job.id)}`;
  ensure(
    isCoordinatorQueued === shouldQueueCoordinator,
    `${whose} is ${isCoordinatorQueued ? '' : 'not '}queued`,
  );
  if (job.spec.detached === true) {
    ensure(!job.waiting.has(0), `${whose} waits among its tasks`);
    ensure(
      !closed || isFinal(job.state.status),
      `the detached job ${String(job.id)} is closed before its end`,
    );
  } else ensure(!job.coordinatorWaits, `job ${String(job.id)} has a coordinator and is not detached`);
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
      for (const [index, { grant }] of job.leases) {
        if (grant.worker !== worker.number || isCoordinator(job.spec, index)) continue;
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

function checkQueues(state: State, queues: ReadonlyMap<string, Queue>): void {
  for (const queue of queues.values()) {
    ensure(queue.jobs.size > 0, `queue ${queue.key} is empty and still kept`);
    let before = 0;
    for (const id of queue.jobs) {
      ensure(id > before, `queue ${queue.key} is out of order at job ${String(id)}`);
      ensure(state.jobs.has(id), `queue ${queue.key} names job ${String(id)}, which is not in the state`);
      before = id;
    }
  }
}

function isIn(queue: Queue | undefined, job: LiveJob): boolean {
  return queue !== undefined && [...queue.jobs].includes(job.id);
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
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
