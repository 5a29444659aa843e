import { isCoordinator, type JobId, type JobRecord } from '../../model/job.js';
import { isFinal } from '../../model/status.js';
import { block, namedAgain, reopen } from './dependencies.js';
import { type Effects, refusal } from './effects.js';
import { settleJob } from './announcements.js';
import { endCoordinator, endJobIfDone, endTask, sendKills, statedEnding, stopJob } from './endings.js';
import type { JobRerun } from './events.js';
import { addWaiting, enqueue, queueKeyOf, withdraw } from './leases.js';
import { copyOf, isWaiting, LiveJob, type State } from './state.js';

const NO_RESULT = new Uint8Array(0);
const KILL_OR_WAIT = 'Kill it first, or wait for it.';

/** Jobs that have ended already, or are unknown, are left as they are; the reply names those that were killed. */
export function jobsKilled(
  state: State,
  event: { readonly request: number; readonly jobs: readonly JobId[]; readonly reason: string },
  now: number,
  effects: Effects,
): void {
  const killed: JobId[] = [];
  for (const id of event.jobs) {
    const job = state.jobs.get(id);
    if (job === undefined || isFinal(job.state.status)) continue;
    stopJob({ state, now, effects }, job, 'killed', event.reason);
    killed.push(id);
  }
  effects.sends.push({ type: 'reply', request: event.request, jobs: killed });
}

export function tasksKilled(
  state: State,
  event: {
    readonly request: number;
    readonly job: JobId;
    readonly indexes: readonly number[];
    readonly reason: string;
  },
  now: number,
  effects: Effects,
): void {
  const job = state.jobs.get(event.job);
  for (const index of event.indexes) {
    if (job === undefined || isFinal(job.state.status)) break;
    const current = job.leases.get(index);
    if (current === undefined && !isWaiting(job, index)) continue;
    if (current !== undefined) {
      const lease = { job: job.id, index, attempt: current.attempt };
      sendKills(state, [{ worker: current.grant.worker, lease }], event.reason, effects);
    }
    const failure = { kind: 'killed' as const, message: event.reason, workerName: '', host: '' };
    const turn = { state, now, effects };
    const { failure: payload, ...ending } = statedEnding(turn, job, { index, status: 'killed', failure });
    if (isCoordinator(job.spec, index)) endCoordinator(turn, job, ending, event.reason);
    else endTask(turn, job, ending, payload);
  }
  effects.sends.push({ type: 'reply', request: event.request, jobs: job === undefined ? [] : [job.id] });
}

/** From now on only this coordinator's tasks are taken: one that was cut off cannot add to what the next one does. */
export function coordinatorCame(
  state: State,
  event: { readonly request: number; readonly job: JobId },
  effects: Effects,
): void {
  const { request } = event;
  const job = state.jobs.get(event.job);
  if (job === undefined || isFinal(job.state.status) || job.state.closed) {
    const what = `Job ${String(event.job)} ${job?.state.closed === true && !isFinal(job.state.status) ? 'takes no more tasks' : 'has ended'}: there is nothing to coordinate.`;
    const problem = refusal('failed-precondition', what, 'Read its result instead.');
    effects.sends.push({ type: 'reply', request, problem });
    return;
  }
  const number = (job.state.coordinator ?? 0) + 1;
  job.state.coordinator = number;
  state.dirty.add(job);
  const { taskCount } = job.state;
  effects.sends.push({ type: 'reply', request, jobs: [job.id], coordinator: { number, taskCount } });
}

export function jobRerun(state: State, event: JobRerun, now: number, effects: Effects): void {
  const live = state.jobs.get(event.job);
  if (live !== undefined && !isFinal(live.state.status)) {
    const problem = refusal('failed-precondition', `Job ${String(event.job)} has not ended.`, KILL_OR_WAIT);
    effects.sends.push({ type: 'reply', request: event.request, problem });
    return;
  }
  const ended = event.read();
  if (ended === undefined) {
    const problem = refusal(
      'not-found',
      `There is no job ${String(event.job)}.`,
      'List yours with: dsage jobs',
    );
    effects.sends.push({ type: 'reply', request: event.request, problem });
    return;
  }
  const { record, ends } = ended;
  const old = record.state;
  const standing = namedAgain(state, record, event.readJob);
  const job = enter(state, {
    ...record,
    state: {
      ...copyOf(old),
      status: 'waiting',
      generation: old.generation + 1,
      firstAttempt: old.maxAttempt + 1,
      endedAtMs: 0,
      startedAtMs: 0,
      reason: '',
      closed: record.spec.detached !== true,
      ...(old.result === undefined ? {} : { result: NO_RESULT }),
    },
  });
  job.told = { ...job.told, generation: old.generation };
  if (standing.open.length > 0) block(state, job, standing.open);
  reopen(state, job);
  if (event.onlyFailed) keepCompleted(state, job, ends, effects);
  else startOver(state, job, effects);
  state.dirty.add(job);
  const turn = { state, now, effects };
  if (standing.lost === undefined) endJobIfDone(turn, job);
  else stopJob(turn, job, 'failed', standing.lost);
  effects.sends.push({ type: 'reply', request: event.request, jobs: [job.id] });
}

export function jobsPaused(state: State, jobs: readonly JobId[]): void {
  for (const id of jobs) {
    const job = state.jobs.get(id);
    if (job?.state.status !== 'waiting') continue;
    withdraw(state, job);
    job.state.status = 'paused';
    state.dirty.add(job);
  }
}

export function jobsResumed(state: State, jobs: readonly JobId[]): void {
  for (const id of jobs) {
    const job = state.jobs.get(id);
    if (job?.state.status !== 'paused') continue;
    job.state.status = 'waiting';
    state.dirty.add(job);
    enqueue(state, job);
  }
}

export function prioritySet(state: State, jobs: readonly JobId[], priority: number): void {
  for (const id of jobs) {
    const job = state.jobs.get(id);
    if (job === undefined || isFinal(job.state.status)) continue;
    withdraw(state, job);
    job.state.priority = priority;
    job.queueKey = queueKeyOf(job.owner, priority, job.spec);
    state.dirty.add(job);
    enqueue(state, job);
  }
}

export function jobsForgotten(
  state: State,
  event: { readonly request: number; readonly jobs: readonly JobId[] },
  effects: Effects,
): void {
  const unfinished = event.jobs.filter((id) => {
    const job = state.jobs.get(id);
    return job !== undefined && !isFinal(job.state.status);
  });
  if (unfinished.length > 0) {
    const problem = refusal(
      'failed-precondition',
      `Job ${unfinished.join(', ')} has not ended.`,
      KILL_OR_WAIT,
    );
    effects.sends.push({ type: 'reply', request: event.request, problem });
    return;
  }
  for (const id of event.jobs) {
    const job = state.jobs.get(id);
    // It ended a moment ago: that is written and told first, or it would be written after the job is gone.
    if (job !== undefined && state.dirty.delete(job)) settleJob(job, effects);
    effects.writes.push({ type: 'forget-job', job: id });
  }
  effects.sends.push({ type: 'announce-forgotten', jobs: event.jobs });
  effects.sends.push({ type: 'reply', request: event.request, jobs: event.jobs });
}

/** Puts a job into the state, with nothing waiting yet. */
export function enter(state: State, record: JobRecord): LiveJob {
  const job = new LiveJob(record, queueKeyOf(record.owner, record.state.priority, record.spec));
  state.jobs.set(job.id, job);
  state.submissions.set(submissionKey(job.session, job.seq), job.id);
  return job;
}

export function submissionKey(session: string, seq: number): string {
  return `${session}/${String(seq)}`;
}

/** All tasks but the completed ones wait again; a coordinator always does. */
function keepCompleted(
  state: State,
  job: LiveJob,
  ends: Iterable<{ readonly index: number; readonly status: string }>,
  effects: Effects,
): void {
  let next = 0;
  let completed = 0;
  for (const { index, status } of ends) {
    if (status !== 'completed' || isCoordinator(job.spec, index)) {
      effects.writes.push({ type: 'delete-end', job: job.id, index });
      continue;
    }
    if (index > next) addWaiting(state, job, next, index - next);
    next = index + 1;
    completed += 1;
  }
  if (next < job.state.taskCount) addWaiting(state, job, next, job.state.taskCount - next);
  job.state.ends = { completed, failed: 0, killed: 0 };
}

function startOver(state: State, job: LiveJob, effects: Effects): void {
  effects.writes.push({ type: 'clear-job', job: job.id });
  job.state.ends = { completed: 0, failed: 0, killed: 0 };
  job.state.answerCount = 0;
  job.state.hasOutput = false;
  if (job.state.taskCount > 0) addWaiting(state, job, 0, job.state.taskCount);
}
