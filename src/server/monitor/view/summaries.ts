import type { JobRecord, TaskCounts } from '../../../model/job.js';
import type { JobSummary, WorkerSummary } from '../../../model/monitor.js';
import { isFinal } from '../../../model/status.js';
import { LiveJob, type LiveWorker, statusOf, waitingCount } from '../../core/state.js';

/** A job in a list. `stuck` is asked only for one that is unfinished. */
export function jobSummary(record: JobRecord | LiveJob, stuck: (job: LiveJob) => number): JobSummary {
  const { id, owner, spec, state } = record;
  const live = record instanceof LiveJob ? record : undefined;
  return {
    ...{ id, owner, name: spec.name, kind: spec.kind, evaluator: spec.evaluator, priority: state.priority },
    status: live === undefined ? state.status : statusOf(live),
    counts: countsOf(record, live),
    taskCount: state.taskCount,
    closed: state.closed,
    ...{ createdAtMs: state.createdAtMs, startedAtMs: state.startedAtMs, endedAtMs: state.endedAtMs },
    reason: state.reason,
    summary: spec.summary,
    labels: spec.labels,
    detached: spec.detached === true,
    ...{ note: live?.note ?? '', fraction: live?.fraction ?? -1 },
    stuck: live === undefined ? 0 : stuck(live),
  };
}

function countsOf({ state }: JobRecord | LiveJob, live: LiveJob | undefined): TaskCounts {
  const { completed, failed, killed } = state.ends;
  if (live !== undefined && !isFinal(state.status)) {
    return { waiting: waitingCount(live), processing: live.leases.size, completed, failed, killed };
  }
  // Tasks of a job that was stopped before they began are not counted one by one.
  return { waiting: 0, processing: 0, completed, failed, killed: state.taskCount - completed - failed };
}

/** @param oldestLeaseAtMs see WorkerSummary */
export function workerSummary(worker: LiveWorker, oldestLeaseAtMs: number): WorkerSummary {
  const { info } = worker;
  return {
    worker: worker.number,
    ...{ name: info.name, host: info.host, user: worker.user },
    connected: worker.connection !== undefined,
    draining: worker.draining,
    ...{ slots: info.slots, busySlots: worker.busySlots, leases: worker.held + worker.coordinating },
    oldestLeaseAtMs,
    ...{ cpuModel: info.cpuModel, cpuCount: info.cpuCount },
    ...{ memoryMb: info.memoryMb, freeMemoryMb: worker.freeMemoryMb, load1: worker.load1 },
    ...{ labels: info.labels, resources: info.resources, evaluators: info.evaluators },
    version: info.packageVersion,
    ...{ connectedAtMs: worker.connectedAtMs, lastSeenAtMs: worker.lastSeenAtMs },
    ...{ completed: worker.completed, failed: worker.failed },
  };
}
