import { DsageError } from '../../model/errors.js';
import type { JobId, JobRecord, JobState } from '../../model/job.js';
import { isFinal } from '../../model/status.js';
import type { Effects, Problem } from './effects.js';
import { endJobIfDone, endTask, sendKills, statedEnding, stopJob } from './endings.js';
import type { JobRerun, JobSubmitted, TasksSubmitted } from './events.js';
import { IndexRuns } from './index-runs.js';
import { addWaiting, dequeue, enqueue, queueKeyOf } from './leases.js';
import type { LiveJob, State } from './state.js';

export function jobSubmitted(state: State, event: JobSubmitted, now: number, effects: Effects): void {
  const { session, seq } = event;
  const known = repeatOf(state, event);
  if (known !== undefined) {
    effects.sends.push({ type: 'accept', session, seq, ...known });
    return;
  }
  const problem = roomFor(state, event.payloads.length, 0, true);
  if (problem !== undefined) {
    effects.sends.push({ type: 'refuse', session, seq, problem });
    return;
  }
  state.lastJob += 1;
  const record: JobRecord = {
    id: state.lastJob,
    owner: event.owner,
    session,
    seq,
    spec: event.spec,
    state: newJobState(event, now),
  };
  const job = enter(state, record);
  effects.writes.push({ type: 'put-job', record: { ...record, state: copyOf(record.state) } });
  addTasks(state, job, event.payloads, effects);
  endJobIfDone(state, job, now, effects);
  effects.sends.push({ type: 'accept', session, seq, job: job.id, taskCount: job.state.taskCount });
}

export function tasksSubmitted(state: State, event: TasksSubmitted, now: number, effects: Effects): void {
  const { session, seq } = event;
  const refuse = (problem: Problem) => effects.sends.push({ type: 'refuse', session, seq, problem });
  const job = targetOf(state, event);
  if (job === undefined || isFinal(job.state.status)) {
    refuse({ code: 'failed-precondition', message: 'That job has ended: it takes no more tasks.' });
    return;
  }
  if (job.owner !== event.owner && !event.isAdmin) {
    refuse({ code: 'permission-denied', message: `Job ${String(job.id)} is another user's.` });
    return;
  }
  // A client that reconnects repeats what it has no acknowledgement for: what is stored is skipped.
  const repeated = job.state.taskCount - event.firstIndex;
  if (repeated < 0) {
    const message = `Job ${String(job.id)} has ${String(job.state.taskCount)} tasks; the next one is not ${String(event.firstIndex)}.`;
    refuse({ code: 'invalid-argument', message });
    return;
  }
  const fresh = event.payloads.slice(repeated);
  if (job.state.closed && fresh.length > 0) {
    refuse({
      code: 'failed-precondition',
      message: `Job ${String(job.id)} is closed: it takes no more tasks.`,
    });
    return;
  }
  const problem = roomFor(state, fresh.length, job.state.taskCount, false);
  if (problem !== undefined) {
    refuse(problem);
    return;
  }
  addTasks(state, job, fresh, effects);
  if (event.closed && !job.state.closed) {
    job.state.closed = true;
    state.dirty.add(job);
    endJobIfDone(state, job, now, effects);
  }
  effects.sends.push({ type: 'accept', session, seq, job: job.id, taskCount: job.state.taskCount });
}

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
    stopJob(state, job, 'killed', event.reason, now, effects);
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
    if (current === undefined && !job.waiting.has(index)) continue;
    if (current !== undefined) {
      const lease = { job: job.id, index, attempt: current.attempt };
      sendKills(state, [{ worker: current.grant.worker, lease }], event.reason, effects);
    }
    const failure = { kind: 'killed' as const, message: event.reason, workerName: '', host: '' };
    const { failure: _, ...ending } = statedEnding(state, job, index, 'killed', failure, now);
    endTask(state, job, ending, now, effects);
  }
  effects.sends.push({ type: 'reply', request: event.request, jobs: job === undefined ? [] : [job.id] });
}

export function jobRerun(state: State, event: JobRerun, now: number, effects: Effects): void {
  const live = state.jobs.get(event.job);
  if (live !== undefined && !isFinal(live.state.status)) {
    const message = `Job ${String(event.job)} has not ended. Kill it first, or wait for it.`;
    effects.sends.push({
      type: 'reply',
      request: event.request,
      problem: { code: 'failed-precondition', message },
    });
    return;
  }
  const ended = event.read();
  if (ended === undefined) {
    const message = `There is no job ${String(event.job)}.`;
    effects.sends.push({ type: 'reply', request: event.request, problem: { code: 'not-found', message } });
    return;
  }
  const { record, ends } = ended;
  const old = record.state;
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
      closed: true,
    },
  });
  job.told = { ...job.told, generation: old.generation };
  if (event.onlyFailed) keepCompleted(state, job, ends, effects);
  else startOver(state, job, effects);
  state.dirty.add(job);
  endJobIfDone(state, job, now, effects);
  effects.sends.push({ type: 'reply', request: event.request, jobs: [job.id] });
}

export function jobsPaused(state: State, jobs: readonly JobId[]): void {
  for (const id of jobs) {
    const job = state.jobs.get(id);
    if (job?.state.status !== 'waiting') continue;
    dequeue(state, job);
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
    dequeue(state, job);
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
    const message = `Job ${unfinished.join(', ')} has not ended. Kill it first, or wait for it.`;
    effects.sends.push({
      type: 'reply',
      request: event.request,
      problem: { code: 'failed-precondition', message },
    });
    return;
  }
  for (const job of event.jobs) effects.writes.push({ type: 'forget-job', job });
  effects.sends.push({ type: 'reply', request: event.request, jobs: event.jobs });
}

/** Puts a job into the state, with nothing waiting yet. */
export function enter(state: State, record: JobRecord): LiveJob {
  const job: LiveJob = {
    ...record,
    waiting: new IndexRuns(),
    leases: new Map(),
    lapsed: new Map(),
    attempts: new Map(),
    failures: new Map(),
    meanMs: undefined,
    queueKey: queueKeyOf(record.owner, record.state.priority, record.spec),
    fresh: [],
    told: {
      status: record.state.status,
      generation: record.state.generation,
      answerCount: record.state.answerCount,
    },
  };
  state.jobs.set(job.id, job);
  state.submissions.set(submissionKey(job.session, job.seq), job.id);
  return job;
}

export function submissionKey(session: string, seq: number): string {
  return `${session}/${String(seq)}`;
}

export function copyOf(state: JobState): JobState {
  return { ...state, ends: { ...state.ends } };
}

function addTasks(state: State, job: LiveJob, payloads: readonly Uint8Array[], effects: Effects): void {
  if (payloads.length === 0) return;
  const firstIndex = job.state.taskCount;
  effects.writes.push({ type: 'put-tasks', job: job.id, firstIndex, payloads });
  job.state.taskCount += payloads.length;
  addWaiting(state, job, firstIndex, payloads.length);
}

/** All tasks but the completed ones wait again. */
function keepCompleted(
  state: State,
  job: LiveJob,
  ends: Iterable<{ readonly index: number; readonly status: string }>,
  effects: Effects,
): void {
  let next = 0;
  let completed = 0;
  for (const { index, status } of ends) {
    if (status !== 'completed') {
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

function newJobState(event: JobSubmitted, now: number): JobState {
  return {
    status: 'waiting',
    taskCount: 0,
    closed: event.closed,
    ends: { completed: 0, failed: 0, killed: 0 },
    answerCount: 0,
    generation: 0,
    maxAttempt: 0,
    firstAttempt: 1,
    createdAtMs: now,
    startedAtMs: 0,
    endedAtMs: 0,
    reason: '',
    priority: event.spec.priority,
    hasOutput: false,
  };
}

function targetOf(state: State, { session, target }: TasksSubmitted): LiveJob | undefined {
  const id = 'job' in target ? target.job : state.submissions.get(submissionKey(session, target.seq));
  return id === undefined ? undefined : state.jobs.get(id);
}

function repeatOf(state: State, event: JobSubmitted): { job: JobId; taskCount: number } | undefined {
  const id = state.submissions.get(submissionKey(event.session, event.seq));
  const job = id === undefined ? undefined : state.jobs.get(id);
  return job === undefined ? event.repeatOf : { job: job.id, taskCount: job.state.taskCount };
}

function roomFor(state: State, tasks: number, taskCount: number, isNewJob: boolean): Problem | undefined {
  const { maxWaitingTasks, maxUnfinishedJobs, maxTasksPerJob } = state.config;
  if (isNewJob && state.jobs.size >= maxUnfinishedJobs) {
    return full(`${String(state.jobs.size)} unfinished jobs`, 'maxUnfinishedJobs', maxUnfinishedJobs);
  }
  if (state.waitingTasks + tasks > maxWaitingTasks) {
    return full(`${String(state.waitingTasks)} waiting tasks`, 'maxWaitingTasks', maxWaitingTasks);
  }
  if (taskCount + tasks > maxTasksPerJob) {
    const message = `A job of ${String(taskCount + tasks)} tasks is over the limit of ${String(maxTasksPerJob)} (maxTasksPerJob). Split it into several jobs.`;
    return { code: 'limit-exceeded', message };
  }
  return undefined;
}

function full(what: string, limit: string, value: number): Problem {
  const { message, code } = new DsageError(
    'queue-full',
    `The server holds ${what}; its limit is ${String(value)} (${limit}).`,
    {
      hint: 'Wait for some to end, or kill some, and submit again.',
    },
  );
  return { code, message };
}
