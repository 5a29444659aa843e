import type { JobId } from '../../model/job.js';
import { isFinal } from '../../model/status.js';
import { settleJob } from './announcements.js';
import { answersReceived, outputReceived } from './answers.js';
import { giveCoordinators } from './coordinators.js';
import { settleDependents } from './dependencies.js';
import { type Effects, noEffects } from './effects.js';
import { drainAsked, removeAsked, resumeAsked, workerDraining } from './drains.js';
import type { Event, Ticked } from './events.js';
import {
  coordinatorCame,
  jobRerun,
  jobsForgotten,
  jobsKilled,
  jobsPaused,
  jobsResumed,
  prioritySet,
  submissionKey,
  tasksKilled,
} from './jobs.js';
import { jobNoted } from './notes.js';
import { schedule } from './schedule.js';
import type { State } from './state.js';
import { jobSubmitted, tasksSubmitted } from './submissions.js';
import { clockRead, ticked, workerDisconnected, workerRegistered, workerRenewed } from './workers.js';

/**
 * The whole server, without its clock, disk and network: takes the events that wait, gives out leases,
 * and says what to write and what to send after the writes are on disk. It changes `state` in place
 * (a copy of a million tasks for each event would cost too much); everything else is an argument.
 */
export function transition(state: State, events: Iterable<Event>, now: number): Effects {
  const effects = noEffects();
  clockRead(state, now);
  let hasTicked = false;
  for (const event of events) {
    if (event.type === 'ticked') hasTicked = true;
    else step(state, event, now, effects);
  }
  // Last, so that no worker is lost whose message has come already.
  if (hasTicked) ticked(state, now, effects);
  settleDependents({ state, now, effects });
  giveCoordinators({ state, now, effects });
  schedule(state, now, effects);
  for (const job of state.dirty) settleJob(job, effects);
  state.dirty.clear();
  return effects;
}

export { snapshotOf } from './announcements.js';

/** Far more than can end while one submission waits for its turn. */
const EVICTED_KEPT = 4_096;

/** Ended jobs leave the state once the commit that ended them is done: from then on the store answers for them. */
export function evict(state: State, ended: readonly JobId[]): void {
  for (const id of ended) {
    const job = state.jobs.get(id);
    if (job === undefined || !isFinal(job.state.status)) continue;
    state.jobs.delete(id);
    const key = submissionKey(job.session, job.seq);
    state.submissions.delete(key);
    state.evicted.set(key, { job: id, taskCount: job.state.taskCount });
  }
  for (const key of state.evicted.keys()) {
    if (state.evicted.size <= EVICTED_KEPT) break;
    state.evicted.delete(key);
  }
}

/** One event. */
function step(state: State, event: Exclude<Event, Ticked>, now: number, effects: Effects): void {
  switch (event.type) {
    case 'job-submitted':
      jobSubmitted(state, event, now, effects);
      break;
    case 'tasks-submitted':
      tasksSubmitted(state, event, now, effects);
      break;
    case 'answers-received':
      answersReceived(state, event, now, effects);
      break;
    case 'output-received':
      outputReceived(state, event, now, effects);
      break;
    case 'worker-renewed':
      workerRenewed(state, event, now);
      break;
    case 'worker-registered':
      workerRegistered(state, event, now, effects);
      break;
    case 'worker-disconnected':
      workerDisconnected(state, event, now);
      break;
    case 'worker-draining':
      workerDraining(state, event, now, effects);
      break;
    case 'drain-asked':
      drainAsked(state, event, effects);
      break;
    case 'resume-asked':
      resumeAsked(state, event, effects);
      break;
    case 'remove-asked':
      removeAsked(state, event, now, effects);
      break;
    case 'jobs-killed':
      jobsKilled(state, event, now, effects);
      break;
    case 'tasks-killed':
      tasksKilled(state, event, now, effects);
      break;
    case 'job-rerun':
      jobRerun(state, event, now, effects);
      break;
    case 'jobs-paused':
      jobsPaused(state, event.jobs);
      effects.sends.push({ type: 'reply', request: event.request, jobs: event.jobs });
      break;
    case 'jobs-resumed':
      jobsResumed(state, event.jobs);
      effects.sends.push({ type: 'reply', request: event.request, jobs: event.jobs });
      break;
    case 'priority-set':
      prioritySet(state, event.jobs, event.priority);
      effects.sends.push({ type: 'reply', request: event.request, jobs: event.jobs });
      break;
    case 'job-noted':
      jobNoted(state, event, effects);
      break;
    case 'coordinator-came':
      coordinatorCame(state, event, effects);
      break;
    case 'jobs-forgotten':
      jobsForgotten(state, event, effects);
      break;
    case 'user-put':
      effects.writes.push({ type: 'put-user', user: event.user });
      effects.sends.push({ type: 'reply', request: event.request });
      break;
    case 'user-removed':
      effects.writes.push({ type: 'delete-user', name: event.name });
      effects.sends.push({ type: 'reply', request: event.request });
      break;
  }
}
