import type { JobState, LostTask } from '../../model/job.js';

/** Why a job ended `failed` or `killed` whose tasks have all ended: of one task what that task says, of more how many and the first. */
export function whyLost(state: JobState, status: LostTask['status']): string {
  const { taskCount, firstLost } = state;
  if (taskCount === 1 && firstLost !== undefined) return firstLost.message;
  return `${countLost(state, status)}${theFirst(state)}`;
}

/** Why a job was stopped in which too many tasks had failed. */
export function whyStopped(state: JobState, maxFailedTasks: number): string {
  return `Stopped after ${countLost(state, 'failed')} (maxFailedTasks ${String(maxFailedTasks)})${theFirst(state)}`;
}

function countLost({ ends, taskCount }: JobState, status: LostTask['status']): string {
  const verb = status === 'killed' ? 'were killed' : 'failed';
  return `${String(ends[status])} of ${String(taskCount)} tasks ${verb}`;
}

function theFirst({ firstLost }: JobState): string {
  return firstLost === undefined ? '' : `, first task ${String(firstLost.index)}: ${firstLost.message}`;
}
