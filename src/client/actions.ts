import { DsageError } from '../model/errors.js';
import type { JobId, Payload } from '../model/job.js';
import { ClassJob } from './class-job.js';
import { Feed } from './feed.js';
import type { ArgumentSource } from './inputs.js';
import { isNumbered } from './job-reference.js';
import type { JobReference } from './job-reference.js';
import { Job } from './job.js';
import { MapJob } from './map-job.js';
import { jobInfo } from './queries.js';
import type { JobInfo } from './queries.js';
import { partOf, submitDraft } from './submit.js';
import type { Draft } from './submit.js';
import { TrackedJob } from './tracked-job.js';
import type { Connection } from './tracked-job.js';

/** The handle of a job of any kind. */
export type AnyHandle = Job | MapJob | ClassJob;

const SINGLE_KINDS = new Set(['eval', 'function']);
const NEWS_TIMEOUT_MS = 15_000;

/** Submits a job of one task. */
export function startJob<T>(
  connection: Connection,
  draft: Draft,
  payload: Payload | Promise<Payload>,
): Job<T> {
  const { kind, options } = draft;
  const tracked = new TrackedJob(connection, { name: options.name, kind, isSingle: true });
  const part = payload instanceof Promise ? payload.then(partOf) : partOf(payload);
  submitDraft(tracked, draft, { part, closed: true });
  return new Job<T>(tracked);
}

/** Submits a job of one task per input. Throws for inputs that cannot be read or cannot travel at their beginning. */
export function startMap<T>(connection: Connection, draft: Draft, source: ArgumentSource): MapJob<T> {
  const { tracked, feed } = beginMap(connection, draft, source);
  return new MapJob<T>(tracked, feed);
}

/** The same, for whoever takes the answers without a handle. */
export function beginMap(
  connection: Connection,
  draft: Draft,
  source: ArgumentSource,
): { readonly tracked: TrackedJob; readonly feed: Feed } {
  const { kind, options } = draft;
  const tracked = new TrackedJob(connection, { name: options.name, kind, isSingle: false });
  const feed = new Feed(tracked, source);
  const part = feed.firstPart();
  submitDraft(tracked, draft, { part, closed: feed.isExhausted }, (seq) => {
    if (!feed.isExhausted) void feed.run(seq);
  });
  return { tracked, feed };
}

/** A handle of a job that is on the server; it follows the job once somebody waits. */
export function handleOf(connection: Connection, info: JobInfo): AnyHandle {
  const { id, name, kind, status, counts, reason, taskCount, startedAt, endedAt } = info;
  const isSingle = SINGLE_KINDS.has(kind);
  const statusOnly = kind === 'class';
  const tracked = new TrackedJob(connection, { name, kind, isSingle, statusOnly });
  const startedAtMs = startedAt?.getTime() ?? 0;
  const endedAtMs = endedAt?.getTime() ?? 0;
  Object.assign(tracked, { id, status, counts, reason, startedAtMs, endedAtMs });
  if (statusOnly) return new ClassJob(tracked, { isDetached: info.detached });
  return isSingle ? new Job(tracked) : new MapJob(tracked, taskCount);
}

/** A handle of a job by its number, with all that is known of it loaded. Throws `not-found`. */
export async function findJob(connection: Connection, id: JobId): Promise<AnyHandle> {
  const handle = handleOf(connection, await findJobInfo(connection, id));
  await handle.loaded(NEWS_TIMEOUT_MS);
  return handle;
}

/** A job as tables show it. Throws `not-found`. */
export async function findJobInfo(connection: Connection, id: JobId): Promise<JobInfo> {
  return (await findJobProgram(connection, id, { withProgram: false })).info;
}

/** The same with the program that its tasks run, where it is asked for. */
export async function findJobProgram(
  { rpc }: Connection,
  id: JobId,
  { withProgram = true } = {},
): Promise<{ readonly info: JobInfo; readonly program: Payload }> {
  const { job, program } = await rpc.call('getJob', { job: checkId(id), withProgram });
  if (job === undefined) throw new DsageError('not-found', `There is no job ${id}.`);
  return { info: jobInfo(job), program };
}

/** Numbers of jobs; waits for those that are not accepted yet. */
export async function idsOf(jobs: JobReference | readonly JobReference[]): Promise<JobId[]> {
  const list = Array.isArray(jobs) ? (jobs as readonly JobReference[]) : [jobs as JobReference];
  return Promise.all(list.map(async (job) => (isNumbered(job) ? job.accepted : checkId(job))));
}

export function checkId(id: unknown): JobId {
  if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 1) return id;
  throw new DsageError('invalid-argument', `${String(id)} is not the number of a job.`, {
    hint: 'Pass a whole number from 1 on, or the handle of a job.',
  });
}
