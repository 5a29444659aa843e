import type { JobSpec } from '#dsage/model/job.js';
import type { Lease } from '#dsage/model/task.js';
import type { WorkerInfo } from '#dsage/model/worker.js';
import type { NewJob, SessionResponse, SubmitTasks } from '#dsage/wire/gen/dsage/v1/client.js';
import type { LeaseRun } from '#dsage/worker/core/events.js';
import type { TaskProgress } from '#dsage/worker/core/progress.js';
import type { RunningTask } from '#dsage/worker/core/starts.js';
import type { Outgoing, ProgramSpec } from '#dsage/worker/core/state.js';

/** What a worker sends. */
export type FromWorker =
  | {
      readonly type: 'register';
      readonly instance: string;
      readonly info: WorkerInfo;
      readonly held: readonly Lease[];
    }
  | {
      readonly type: 'renew';
      readonly credit: number;
      readonly busySlots: number;
      readonly progress: readonly TaskProgress[];
      readonly running: readonly RunningTask[];
    }
  | { readonly type: 'outgoing'; readonly message: Outgoing }
  | { readonly type: 'draining'; readonly stop: boolean };

/** What a worker receives. */
export type ToWorker =
  | { readonly type: 'registered'; readonly worker: number; readonly stale: readonly Lease[] }
  | {
      readonly type: 'leases';
      readonly programs: readonly ProgramSpec[];
      readonly runs: readonly LeaseRun[];
    }
  | { readonly type: 'recorded'; readonly seq: number }
  | { readonly type: 'kill'; readonly leases: readonly Lease[]; readonly reason: string }
  | { readonly type: 'drain'; readonly reason: string; readonly stop: boolean }
  | { readonly type: 'resume' };

/** What a client sends. Requests are calls of their own in the product; here they share the stream. */
export type FromClient =
  | { readonly type: 'open'; readonly session: string; readonly owner: string }
  | { readonly type: 'jobs'; readonly jobs: readonly { readonly job: NewJob; readonly spec: JobSpec }[] }
  | { readonly type: 'tasks'; readonly tasks: SubmitTasks }
  | { readonly type: 'watch'; readonly jobs: readonly { readonly job: number; readonly from: number }[] }
  | { readonly type: 'request'; readonly request: Request; readonly answered: (ok: boolean) => void };

export type Request =
  | { readonly type: 'kill-job'; readonly job: number }
  | { readonly type: 'kill-tasks'; readonly job: number; readonly indexes: readonly number[] }
  | { readonly type: 'pause'; readonly job: number }
  | { readonly type: 'resume'; readonly job: number }
  | { readonly type: 'priority'; readonly job: number; readonly priority: number }
  | { readonly type: 'rerun'; readonly job: number; readonly onlyFailed: boolean }
  | { readonly type: 'forget'; readonly job: number }
  | { readonly type: 'drain'; readonly worker: number; readonly stop: boolean }
  | { readonly type: 'resume-worker'; readonly worker: number }
  | { readonly type: 'remove-worker'; readonly worker: number };

/** What a client receives. */
export type ToClient =
  | { readonly type: 'opened' }
  | { readonly type: 'reply'; readonly ok: boolean; readonly answered: (ok: boolean) => void }
  | { readonly type: 'response'; readonly response: SessionResponse };
