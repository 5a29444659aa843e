import type { Effects, JobSnapshot } from './effects.js';
import { copyOf, type LiveJob, statusOf, waitingCount } from './state.js';

/** Writes the changed side of a job that a transition touched, and tells its watchers. */
export function settleJob(job: LiveJob, effects: Effects): void {
  effects.writes.push({ type: 'put-job-state', job: job.id, state: copyOf(job.state) });
  const { told, state } = job;
  const isNewGeneration = told.generation !== state.generation;
  if (isNewGeneration) effects.sends.push({ type: 'announce-job', job: job.id, snapshot: snapshotOf(job) });
  const firstOrdinal = isNewGeneration ? 0 : told.answerCount;
  if (state.answerCount > firstOrdinal) {
    const count = state.answerCount - firstOrdinal;
    effects.sends.push({ type: 'announce-answers', job: job.id, firstOrdinal, count, records: job.fresh });
    job.fresh = [];
  }
  const status = statusOf(job);
  if (!isNewGeneration && status !== told.status) {
    effects.sends.push({ type: 'announce-job', job: job.id, snapshot: snapshotOf(job) });
  }
  job.told = { status, generation: state.generation, answerCount: state.answerCount };
}

export function snapshotOf(job: LiveJob): JobSnapshot {
  const { state } = job;
  const { completed, failed, killed } = state.ends;
  return {
    status: statusOf(job),
    counts: { waiting: waitingCount(job), processing: job.leases.size, completed, failed, killed },
    answerCount: state.answerCount,
    generation: state.generation,
    startedAtMs: state.startedAtMs,
    endedAtMs: state.endedAtMs,
    reason: state.reason,
    hasOutput: state.hasOutput,
    result: state.result,
  };
}
