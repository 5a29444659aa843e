import type { Attempt, Payload, TaskIndex } from '../../model/job.js';
import type { FinalStatus } from '../../model/status.js';
import type { Failure, Lease } from '../../model/task.js';
import type { Effects } from './effects.js';
import { deleteWaiting, release, settleHolding, settleTask, withdraw } from './leases.js';
import { whyLost, whyStopped } from './reasons.js';
import { type LiveJob, type State, waitingCount } from './state.js';
import type { Turn } from './turn.js';

/** How a task ended and under whom, ready for the store. */
export interface Ending {
  readonly index: TaskIndex;
  readonly status: FinalStatus;
  readonly worker: number;
  readonly attempt: Attempt;
  readonly record: Uint8Array;
  /** The answer's payload where that is a blob, so that the store knows of it. */
  readonly blob?: Payload;
}

/**
 * Records how a task ended, and what that means for its job.
 *
 * @param failure what the task says happened, where it failed or was killed
 */
export function endTask(turn: Turn, job: LiveJob, ending: Ending, failure?: Payload): void {
  if (failure !== undefined) noteLost(turn.state, job, ending, failure);
  recordEnd(turn, job, ending);
  endJobIfDone(turn, job);
}

/** The coordinator of a detached job ended, and the job with it: nobody is left to say what shall become of it. */
export function endCoordinator(turn: Turn, job: LiveJob, ending: Ending, reason: string): void {
  recordEnd(turn, job, ending);
  stopJob(turn, job, ending.status, reason);
}

/** Its coordinator says that the job is completed: that was its work, so it has done it, and may end now. */
export function completeCoordinator(turn: Turn, job: LiveJob): void {
  const current = job.leases.get(0);
  if (current === undefined && !job.coordinatorWaits) return;
  if (current !== undefined) {
    const lease = { job: job.id, index: 0, attempt: current.attempt };
    sendKills(turn.state, [{ worker: current.grant.worker, lease }], 'The job has ended.', turn.effects);
  }
  const { index, status, worker, attempt, record } = statedEnding(turn, job, {
    index: 0,
    status: 'completed',
  });
  recordEnd(turn, job, { index, status, worker, attempt, record });
}

/** Records how a task ended, wherever it is now: leased, lapsed or waiting. Exactly once for every task. */
function recordEnd(turn: Turn, job: LiveJob, ending: Ending): void {
  const { state, effects } = turn;
  const current = job.leases.get(ending.index);
  if (current !== undefined) {
    release(state, job, ending.index, current);
    settleHolding(state, current, effects);
  } else {
    deleteWaiting(state, job, ending.index);
  }
  if (job.lapsed.size > 0) killLapsed(state, job, ending.index, effects);
  settleTask(state, job, ending.index, effects);
  effects.writes.push({ type: 'put-answer', job: job.id, ordinal: job.state.answerCount, ...ending });
  job.state.answerCount += 1;
  job.fresh.push(ending.record);
  job.state.ends[ending.status] += 1;
  state.endedTasks[ending.status] += 1;
  state.dirty.add(job);
}

export function endJobIfDone(turn: Turn, job: LiveJob): void {
  const { maxFailedTasks } = job.spec.limits;
  const { ends, closed } = job.state;
  const hasMore = !closed || waitingCount(job) > 0 || job.leases.size > 0;
  if (maxFailedTasks > 0 && ends.failed >= maxFailedTasks && hasMore) {
    stopJob(turn, job, 'failed', whyStopped(job.state, maxFailedTasks));
    return;
  }
  if (hasMore) return;
  // One without tasks waits too: what comes after it would run too early.
  if (job.state.blocked === true && ends.failed === 0 && ends.killed === 0) return;
  const status = ends.failed > 0 ? 'failed' : ends.killed > 0 ? 'killed' : 'completed';
  if (status !== 'completed') job.state.reason = whyLost(job.state, status);
  finishJob(turn, job, status);
}

/** Ends a job with all that waits or runs; those tasks have no record of their own, they are `killed` with the job. */
export function stopJob(turn: Turn, job: LiveJob, status: FinalStatus, reason: string): void {
  const { state, effects } = turn;
  const leases: { worker: number; lease: Lease }[] = [];
  for (const [index, holding] of job.leases) {
    leases.push({ worker: holding.grant.worker, lease: { job: job.id, index, attempt: holding.attempt } });
    release(state, job, index, holding);
    settleHolding(state, holding, effects);
  }
  const unended = leases.length + waitingCount(job);
  job.state.ends.killed += unended;
  state.endedTasks.killed += unended;
  for (const [index, holdings] of job.lapsed) {
    for (const holding of holdings) {
      leases.push({ worker: holding.grant.worker, lease: { job: job.id, index, attempt: holding.attempt } });
      settleHolding(state, holding, effects);
    }
  }
  sendKills(state, leases, reason, effects);
  state.waitingTasks -= waitingCount(job);
  withdraw(state, job);
  job.waiting.clear();
  job.coordinatorWaits = false;
  job.lapsed.clear();
  job.attempts.clear();
  job.failures.clear();
  job.state.closed = true;
  job.state.reason = reason;
  finishJob(turn, job, status);
}

/** A job says why by the first of its tasks that failed; where none did, by the first that was killed. */
function noteLost(state: State, job: LiveJob, { index, status }: Ending, failure: Payload): void {
  if (status === 'completed') return;
  const before = job.state.firstLost;
  if (before !== undefined && (before.status === 'failed' || status === 'killed')) return;
  // Only now is it decoded: of many failures only one is looked into.
  const lines = state.config.encode.messageOf(failure).split('\n');
  const message = lines.find((line) => line.trim() !== '') ?? 'it says nothing more';
  job.state.firstLost = { index, status, message };
}

/** Leases that had run out may still run, on workers that came back: the task has ended without them. */
function killLapsed(state: State, job: LiveJob, index: TaskIndex, effects: Effects): void {
  const leases = (job.lapsed.get(index) ?? []).map(({ grant, attempt }) => ({
    worker: grant.worker,
    lease: { job: job.id, index, attempt },
  }));
  sendKills(state, leases, 'The task has ended: another attempt came first.', effects);
}

/** Tells workers to stop attempts, in one message for each worker. */
export function sendKills(
  state: State,
  leases: readonly { readonly worker: number; readonly lease: Lease }[],
  reason: string,
  effects: Effects,
): void {
  const byWorker = new Map<number, Lease[]>();
  for (const { worker, lease } of leases) {
    const list = byWorker.get(worker);
    if (list === undefined) byWorker.set(worker, [lease]);
    else list.push(lease);
  }
  for (const [worker, list] of byWorker) {
    const connection = state.workers.get(worker)?.connection;
    if (connection !== undefined)
      effects.sends.push({ type: 'kill', worker, connection, leases: list, reason });
  }
}

/** How a task ended as the server itself says it. */
interface StatedEnd {
  readonly index: TaskIndex;
  readonly status: FinalStatus;
  /** Why, unless it completed. */
  readonly failure?: Omit<Failure, 'attempt' | 'peakMemoryKb' | 'wallMs'>;
}

const NO_PAYLOAD = new Uint8Array(0);

/** The record of an end that the server itself states. */
export function statedEnding(
  { state, now }: Turn,
  job: LiveJob,
  { index, status, failure }: StatedEnd,
): Ending & { readonly failure: Payload } {
  const current = job.leases.get(index);
  const attempt = current?.attempt ?? job.attempts.get(index) ?? 0;
  const worker = current?.grant.worker ?? 0;
  const { encode } = state.config;
  const payload =
    failure === undefined ? NO_PAYLOAD : encode.failure({ ...failure, attempt, peakMemoryKb: 0, wallMs: 0 });
  const record = encode.answer({
    index,
    attempt,
    outcome: status,
    worker,
    startedAtMs: now,
    wallUs: 0,
    cpuUs: 0,
    peakMemoryKb: 0,
    payload,
  });
  return { index, status, worker, attempt, record, failure: payload };
}

function finishJob({ state, now, effects }: Turn, job: LiveJob, status: FinalStatus): void {
  job.state.status = status;
  job.state.endedAtMs = now;
  if (job.state.startedAtMs === 0) job.state.startedAtMs = now;
  if (job.state.firstLost !== undefined) delete job.state.firstLost;
  state.dirty.add(job);
  effects.ended.push(job.id);
}
