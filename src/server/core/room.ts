import { type Problem, refusal } from './effects.js';
import type { LiveJob, State } from './state.js';

/** Why there is no room for a new job with so many tasks. */
export function roomForJob(state: State, tasks: number, isBlocked: boolean): Problem | undefined {
  const { maxUnfinishedJobs } = state.config;
  if (state.jobs.size >= maxUnfinishedJobs) {
    return full(`${String(state.jobs.size)} unfinished jobs`, 'maxUnfinishedJobs', maxUnfinishedJobs);
  }
  return roomInQueue(state, tasks, isBlocked) ?? roomInJob(state, tasks);
}

/** Why there is no room for so many more tasks of a job. */
export function roomForTasks(state: State, job: LiveJob, tasks: number): Problem | undefined {
  return (
    roomInQueue(state, tasks, job.state.blocked === true) ?? roomInJob(state, job.state.taskCount + tasks)
  );
}

/**
 * Tasks of blocked jobs are counted apart, against the same limit: if they could fill the queue, a job that others
 * wait for could not get in what it still has to do, and would keep them waiting for ever.
 */
function roomInQueue(state: State, tasks: number, isBlocked: boolean): Problem | undefined {
  const { maxWaitingTasks } = state.config;
  if (state.waitingTasks + tasks <= maxWaitingTasks) return undefined;
  const ofBlocked = tasksOfBlocked(state);
  const waiting = isBlocked ? ofBlocked : state.waitingTasks - ofBlocked;
  if (waiting + tasks <= maxWaitingTasks) return undefined;
  const whose = isBlocked ? ' of jobs that wait for others' : '';
  return full(`${String(waiting)} waiting tasks${whose}`, 'maxWaitingTasks', maxWaitingTasks);
}

function roomInJob(state: State, taskCount: number): Problem | undefined {
  const { maxTasksPerJob } = state.config;
  if (taskCount <= maxTasksPerJob) return undefined;
  const message = `A job of ${String(taskCount)} tasks is over the limit of ${String(maxTasksPerJob)} (maxTasksPerJob).`;
  return refusal('limit-exceeded', message, 'Split it into several jobs.');
}

/** Summed up only when the queue looks full, so that nothing has to be counted along. */
function tasksOfBlocked({ blocked, jobs }: State): number {
  let sum = 0;
  for (const id of blocked.keys()) sum += jobs.get(id)?.waiting.size ?? 0;
  return sum;
}

function full(what: string, limit: string, value: number): Problem {
  const message = `The server holds ${what}; its limit is ${String(value)} (${limit}).`;
  return refusal('queue-full', message, 'Wait for some to end, or kill some, and submit again.');
}
