/** What `import … from 'dsage'` gives: named exports, and nothing that is not meant for users. */

import { connect } from './deploy/connect.js';
import { server } from './deploy/server.js';
import { setup } from './deploy/setup.js';
import { startAll } from './deploy/start-all.js';
import { stopAll } from './deploy/stop-all.js';
import { worker } from './deploy/worker.js';

/** Sets up, starts, stops and connects: `const d = await dsage.startAll()`. */
export const dsage = { setup, startAll, server, worker, stopAll, connect } as const;

export { fraction, Fraction } from './wire/fraction.js';
export { DsageError, KilledError, TaskFailedError, TimeoutError } from './model/errors.js';
export { DistributedJob, NOT_YET } from './jobs/distributed-job.js';
export { moduleFunction } from './jobs/module-function.js';
export { parallel } from './local/parallel.js';
export { DistributedMap } from './jobs/distributed-map.js';
export { DistributedFactor } from './jobs/factor/distributed-factor.js';
export { Job } from './client/job.js';
export { ClassJob } from './client/class-job.js';
export { MapJob } from './client/map-job.js';
export { TaskHandle } from './client/task-handle.js';

export type { FailureDecision, JobEvents, JobProgress, NotYet } from './jobs/distributed-job.js';
export type { JobContext } from './jobs/context.js';
export type { ModuleFunction } from './jobs/module-function.js';
export type { Dsage, ConnectOptions } from './client/connect.js';
export type { CloseOptions, JobDescription } from './client/dsage.js';
export type { EvalOptions, FunctionOptions, JobOptions, MapOptions } from './client/options.js';
export type { Files } from './client/files.js';
export type { Inputs } from './client/inputs.js';
export type { ParallelIterOptions } from './client/parallel-iter.js';
export type {
  DistributedMapOptions,
  DistributedMapParameters,
  DistributedMapTask,
} from './jobs/distributed-map.js';
export type {
  DistributedFactorOptions,
  DistributedFactorParameters,
} from './jobs/factor/distributed-factor.js';
export type { FactorAnswer, FactorTask } from './jobs/factor/tasks.js';
export type { ManyInputs } from './jobs/input-window.js';
export type { InputOf, OnError, Parallel, ParallelFunction, ParallelIter } from './jobs/parallel.js';
export type { LocalOptions } from './local/iterate.js';
export type { Explanation, JobFilter, JobInfo, TaskDetails, TaskInfo } from './client/queries.js';
export type { Pages } from './client/pages.js';
export type { OutputOptions, OutputPiece } from './client/follow.js';
export type { Progress } from './client/map-job.js';
export type { BlockOptions } from './client/gather.js';
export type { JobReference } from './client/job-reference.js';
export type { AnyJob, AttachOptions } from './client/runs.js';
export type { RerunOptions } from './client/job-handle.js';
export type { WaitOptions } from './jobs/news.js';
export type { ClientDetails, NewUser, ServerStatus, WorkerDetails } from './client/administration.js';
export type { ServerHandle, ServerOptions } from './deploy/server.js';
export type { SetupOptions, SetupReport } from './deploy/setup.js';
export type { StartAllOptions } from './deploy/start-all.js';
export type { StopAllOptions, StopReport } from './deploy/stop-all.js';
export type { WorkerHandle, WorkerOptions } from './deploy/worker.js';
export type { ErrorCode } from './model/errors.js';
export type { TaskCounts } from './model/job.js';
export type { JobStatus, TaskStatus } from './model/status.js';
export type { Failure } from './model/task.js';
