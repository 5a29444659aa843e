import { isCoordinator } from '../../model/job.js';
import { BLOB_TAG } from '../../model/protocol.js';
import type { Effects } from './effects.js';
import { endCoordinator, endTask, sendKills } from './endings.js';
import type { AnswersReceived, OutputReceived, ReceivedAnswer } from './events.js';
import { recall, release, requeue, settleHolding } from './leases.js';
import { type LiveJob, type LiveWorker, type State } from './state.js';
import type { Turn } from './turn.js';

/** Step 6 of the flow: records what a worker says, each task's end exactly once, and acknowledges all of it. */
export function answersReceived(state: State, event: AnswersReceived, now: number, effects: Effects): void {
  const worker = heard(state, event, now);
  if (worker === undefined) return;
  for (const batch of event.batches) {
    const job = state.jobs.get(batch.job);
    // A job that ended or was forgotten: nothing to record, and the worker may forget it too.
    if (job === undefined) continue;
    for (const answer of batch.answers) takeAnswer({ state, now, effects }, worker, job, answer);
    noteMean(state, job, batch.answers);
  }
  acknowledge(worker, event, effects);
}

export function outputReceived(state: State, event: OutputReceived, now: number, effects: Effects): void {
  const worker = heard(state, event, now);
  if (worker === undefined) return;
  const chunks = event.chunks.filter(({ job, index, attempt }) => {
    const holding = state.jobs.get(job)?.leases.get(index);
    return holding?.grant.worker === worker.number && holding.attempt === attempt;
  });
  if (chunks.length > 0) {
    for (const { job: id } of chunks) {
      const job = state.jobs.get(id);
      if (job === undefined || job.state.hasOutput) continue;
      job.state.hasOutput = true;
      state.dirty.add(job);
    }
    effects.writes.push({ type: 'put-output', chunks });
    effects.sends.push({ type: 'announce-output', chunks });
  }
  acknowledge(worker, event, effects);
}

/** The worker, if this message came over its present stream: it repeats on a new one what it sent on an old one. */
export function heard(
  state: State,
  event: { readonly worker: number; readonly connection: number },
  now: number,
): LiveWorker | undefined {
  const worker = state.workers.get(event.worker);
  if (worker?.connection !== event.connection) return undefined;
  worker.lastSeenAtMs = now;
  return worker;
}

function acknowledge(
  worker: LiveWorker,
  event: { readonly connection: number; readonly seq: number },
  effects: Effects,
): void {
  effects.sends.push({
    type: 'acknowledge',
    worker: worker.number,
    connection: event.connection,
    seq: event.seq,
  });
}

function takeAnswer(turn: Turn, worker: LiveWorker, job: LiveJob, answer: ReceivedAnswer): void {
  const { state, effects } = turn;
  const { index, attempt, outcome } = answer.meta;
  const current = job.leases.get(index);
  const isCurrent = current?.grant.worker === worker.number && current.attempt === attempt;
  if (outcome === 'completed') {
    if (isCurrent || recallForEnd(turn, worker, job, answer)) {
      worker.completed += 1;
      const ending = { index, status: outcome, worker: worker.number, attempt, record: answer.record };
      const isBlob = answer.payload[0] === BLOB_TAG;
      const whole = isBlob ? { ...ending, blob: answer.payload } : ending;
      if (isCoordinator(job.spec, index)) endCoordinator(turn, job, whole, '');
      else endTask(turn, job, whole);
    }
    return;
  }
  if (current === undefined || !isCurrent) {
    // A lease that had run out ends without an answer: nothing more can come of it.
    const lapsed = recall(job, index, worker.number, attempt);
    if (lapsed !== undefined) settleHolding(state, lapsed, effects);
    return;
  }
  if (outcome === 'failed') {
    worker.failed += 1;
    failAttempt(turn, worker, job, answer);
    return;
  }
  // Returned unstarted, or stopped by the worker's own end: it costs the task nothing.
  release(state, job, index, current);
  settleHolding(state, current, effects);
  requeue(state, job, index, attempt);
}

/** The first valid answer for an unfinished task is taken, even from a lease that had run out. */
function recallForEnd(
  { state, effects }: Turn,
  worker: LiveWorker,
  job: LiveJob,
  answer: ReceivedAnswer,
): boolean {
  const { index, attempt } = answer.meta;
  const lapsed = recall(job, index, worker.number, attempt);
  if (lapsed === undefined) return false;
  settleHolding(state, lapsed, effects);
  const current = job.leases.get(index);
  if (current !== undefined) {
    const lease = { job: job.id, index, attempt: current.attempt };
    sendKills(state, [{ worker: current.grant.worker, lease }], 'Another worker answered first.', effects);
  }
  return true;
}

function failAttempt(turn: Turn, worker: LiveWorker, job: LiveJob, answer: ReceivedAnswer): void {
  const { state, effects } = turn;
  const { index, attempt } = answer.meta;
  effects.writes.push({ type: 'put-failure', job: job.id, index, attempt, failure: answer.payload });
  const current = job.leases.get(index);
  // When its worker was taken for lost, this attempt was counted then; now its true reason is stored.
  const failures = (job.failures.get(index) ?? 0) + (current?.blamed === true ? 0 : 1);
  if (failures >= job.spec.limits.maxAttempts) {
    const ending = {
      index,
      status: 'failed' as const,
      worker: worker.number,
      attempt,
      record: answer.record,
    };
    if (isCoordinator(job.spec, index)) {
      const message = state.config.encode.messageOf(answer.payload);
      endCoordinator(turn, job, ending, `Its coordinator failed: ${message}`);
    } else {
      endTask(turn, job, ending, answer.payload);
    }
    return;
  }
  job.failures.set(index, failures);
  if (current !== undefined) {
    release(state, job, index, current);
    settleHolding(state, current, effects);
  }
  requeue(state, job, index, attempt);
}

/** What the scheduler goes by when it decides how many tasks a worker may queue. */
function noteMean(state: State, job: LiveJob, answers: readonly ReceivedAnswer[]): void {
  let sumUs = 0;
  let count = 0;
  for (const { meta } of answers) {
    if (meta.outcome !== 'completed' && meta.outcome !== 'failed') continue;
    // Days of a coordinator say nothing of how long the tasks take.
    if (isCoordinator(job.spec, meta.index)) continue;
    sumUs += meta.wallUs;
    count += 1;
  }
  if (count === 0) return;
  const meanMs = sumUs / count / 1_000;
  job.meanMs = blend(job.meanMs, meanMs);
  if (job.state.taskCount === 1) {
    const key = kindKey(job);
    state.meanMsByKind.set(key, blend(state.meanMsByKind.get(key), meanMs));
  }
}

export function kindKey(job: LiveJob): string {
  return `${job.owner} ${job.spec.kind}`;
}

/** Follows a change within a few batches; one long task raises it at once. */
function blend(before: number | undefined, now: number): number {
  if (before === undefined || now > before) return now;
  return before * 0.7 + now * 0.3;
}
