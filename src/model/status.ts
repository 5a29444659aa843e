/** Statuses, as in DSage; a job can also be paused. */

const TASK_STATUSES = ['waiting', 'processing', 'completed', 'failed', 'killed'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const JOB_STATUSES = [...TASK_STATUSES, 'paused'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** The statuses that nothing but a rerun leaves. */
export type FinalStatus = Extract<TaskStatus, 'completed' | 'failed' | 'killed'>;

export function isFinal(status: JobStatus): status is FinalStatus {
  return status === 'completed' || status === 'failed' || status === 'killed';
}
