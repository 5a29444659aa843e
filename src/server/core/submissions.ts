import type { JobRecord, JobState, Payload } from '../../model/job.js';
import { isFinal } from '../../model/status.js';
import { block, namedBy, type Standing } from './dependencies.js';
import { type Effects, type Problem, refusal } from './effects.js';
import { completeCoordinator, endJobIfDone, stopJob } from './endings.js';
import type { JobEnd, JobSubmitted, TasksSubmitted } from './events.js';
import { enter, submissionKey } from './jobs.js';
import { addWaiting } from './leases.js';
import { roomForJob, roomForTasks } from './room.js';
import { copyOf, type LiveJob, type State } from './state.js';

const NO_REASON = 'Its coordinator gave no reason.';
const NEW_JOB = 'Submit them as a new job.';

/** More of one job: its tasks from `firstIndex` on, and whether they are the last. */
interface Part {
  readonly firstIndex: number;
  readonly payloads: readonly Payload[];
  readonly closed: boolean;
  readonly end?: JobEnd;
}

export function jobSubmitted(state: State, event: JobSubmitted, now: number, effects: Effects): void {
  const { session, connection, seq } = event;
  const key = submissionKey(session, seq);
  const known = state.jobs.get(state.submissions.get(key) ?? 0);
  if (known !== undefined) {
    // The repeat may say more than the message that was stored: that no more tasks will come, for instance.
    // When there is no room for that the job is there all the same, and only the rest is refused.
    const problem = addPart(state, known, { ...event, firstIndex: 0 }, { now, effects });
    effects.sends.push({ type: 'accept', session, seq, job: known.id, taskCount: known.state.taskCount });
    if (problem !== undefined) effects.sends.push({ type: 'refuse', session, connection, seq, problem });
    return;
  }
  const ended = state.evicted.get(key) ?? event.repeatOf;
  if (ended !== undefined) {
    effects.sends.push({ type: 'accept', session, seq, job: ended.job, taskCount: ended.taskCount });
    return;
  }
  const standing = admit(state, event);
  if ('code' in standing) {
    effects.sends.push({ type: 'refuse', session, connection, seq, problem: standing });
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
  if (standing.open.length > 0) block(state, job, standing.open);
  effects.writes.push({ type: 'put-job', record: { ...record, state: copyOf(record.state) } });
  addTasks(state, job, event.payloads, effects);
  const turn = { state, now, effects };
  if (standing.lost === undefined) endJobIfDone(turn, job);
  else stopJob(turn, job, 'failed', standing.lost);
  effects.sends.push({ type: 'accept', session, seq, job: job.id, taskCount: job.state.taskCount });
}

/** How the jobs stand that a new one waits for, or why it cannot be taken. */
function admit(state: State, event: JobSubmitted): Standing | Problem {
  const standing = namedBy(state, event);
  if ('code' in standing) return standing;
  return roomForJob(state, event.payloads.length, standing.open.length > 0) ?? standing;
}

export function tasksSubmitted(state: State, event: TasksSubmitted, now: number, effects: Effects): void {
  const { session, connection, seq } = event;
  const accepted = takeTasks(state, event, now, effects);
  if ('code' in accepted) effects.sends.push({ type: 'refuse', session, connection, seq, problem: accepted });
  else {
    const { taskCount } = accepted.state;
    effects.sends.push({ type: 'accept', session, seq, job: accepted.id, taskCount });
  }
}

/** The job that has the tasks now, or why it has not. */
function takeTasks(state: State, event: TasksSubmitted, now: number, effects: Effects): LiveJob | Problem {
  const job = targetOf(state, event);
  if (job === undefined) {
    return refusal('failed-precondition', 'That job has ended: it takes no more tasks.', NEW_JOB);
  }
  if (job.owner !== event.owner && !event.isAdmin) {
    return refusal('permission-denied', `Job ${String(job.id)} is another user's.`, NEW_JOB);
  }
  if ((event.coordinator ?? 0) !== (job.state.coordinator ?? 0)) {
    const what = `Another coordinator has taken over job ${String(job.id)}.`;
    return refusal('taken-over', what, 'Follow it there, or attach to it again.');
  }
  return addPart(state, job, event, { now, effects }) ?? job;
}

/**
 * A client that reconnects repeats what it has no acknowledgement for: what is stored is skipped. Says why
 * when the rest cannot be taken; then nothing has changed.
 */
function addPart(
  state: State,
  job: LiveJob,
  part: Part,
  { now, effects }: { readonly now: number; readonly effects: Effects },
): Problem | undefined {
  const repeated = job.state.taskCount - part.firstIndex;
  const fresh = repeated < 0 ? part.payloads : part.payloads.slice(repeated);
  const problem = repeated < 0 ? gap(job, part.firstIndex) : whyNotMore(state, job, fresh.length);
  if (problem !== undefined) return problem;
  addTasks(state, job, fresh, effects);
  if (part.end !== undefined && !isFinal(job.state.status)) {
    const { status, reason, result } = part.end;
    if (result.length > 0) job.state.result = result;
    const turn = { state, now, effects };
    if (status === 'completed' && job.spec.detached === true) completeCoordinator(turn, job);
    stopJob(turn, job, status, status === 'failed' && reason === '' ? NO_REASON : reason);
  } else if (part.closed && !job.state.closed && job.spec.detached !== true) {
    job.state.closed = true;
    state.dirty.add(job);
    endJobIfDone({ state, now, effects }, job);
  }
  return undefined;
}

function gap(job: LiveJob, firstIndex: number): Problem {
  const message = `Job ${String(job.id)} has ${String(job.state.taskCount)} tasks; the next one is not ${String(firstIndex)}.`;
  return refusal('invalid-argument', message, 'Send them in order, each once.');
}

/** Why a job takes no `count` more tasks; a repeat, which brings none, is always welcome. */
function whyNotMore(state: State, job: LiveJob, count: number): Problem | undefined {
  if (count === 0) return undefined;
  const code = 'failed-precondition';
  if (isFinal(job.state.status)) {
    return refusal(code, `Job ${String(job.id)} has ended: it takes no more tasks.`, NEW_JOB);
  }
  if (job.state.closed) {
    return refusal(code, `Job ${String(job.id)} is closed: it takes no more tasks.`, NEW_JOB);
  }
  return roomForTasks(state, job, count);
}

function addTasks(state: State, job: LiveJob, payloads: readonly Payload[], effects: Effects): void {
  if (payloads.length === 0) return;
  const firstIndex = job.state.taskCount;
  effects.writes.push({ type: 'put-tasks', job: job.id, firstIndex, payloads });
  job.state.taskCount += payloads.length;
  addWaiting(state, job, firstIndex, payloads.length);
}

function newJobState(event: JobSubmitted, now: number): JobState {
  return {
    status: 'waiting',
    taskCount: 0,
    // More may come of a detached job for as long as its coordinator has not ended it.
    closed: event.closed && event.spec.detached !== true,
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
