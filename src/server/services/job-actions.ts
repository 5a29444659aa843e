import { DsageError } from '../../model/errors.js';
import type { JobId, TaskIndex } from '../../model/job.js';
import type { Identity } from '../../model/user.js';
import { checkPriority } from '../spec.js';
import type { Services } from './services.js';

/** What may be changed about jobs. */
export interface JobActions {
  readonly kill: (
    request: {
      readonly jobs: readonly JobId[];
      /** All unfinished jobs of the caller's, instead of `jobs`. */
      readonly all: boolean;
      readonly reason: string;
      /** Not the job, only these of its tasks. */
      readonly indexes: readonly TaskIndex[];
    },
    caller: Identity,
  ) => Promise<{ readonly killed: readonly JobId[] }>;
  readonly rerun: (
    request: { readonly jobs: readonly JobId[]; readonly onlyFailed: boolean },
    caller: Identity,
  ) => Promise<{ readonly jobs: readonly JobId[] }>;
  readonly pause: (
    request: { readonly jobs: readonly JobId[] },
    caller: Identity,
  ) => Promise<Record<string, never>>;
  readonly resume: (
    request: { readonly jobs: readonly JobId[] },
    caller: Identity,
  ) => Promise<Record<string, never>>;
  readonly setPriority: (
    request: { readonly jobs: readonly JobId[]; readonly priority: number },
    caller: Identity,
  ) => Promise<Record<string, never>>;
  readonly forget: (
    request: { readonly jobs: readonly JobId[]; readonly allFinished: boolean },
    caller: Identity,
  ) => Promise<{ readonly forgotten: number }>;
}

/**
 * What people do to jobs, whether they ask by gRPC or in the monitor: users change their own, admins all. All or
 * nothing: a number that is not there, or not the caller's, changes nothing.
 */
export function jobActions(services: Services): JobActions {
  const { engine, views, log } = services;
  const own = (jobs: readonly JobId[], caller: Identity) => {
    if (jobs.length === 0) throw new DsageError('invalid-argument', 'Name at least one job.');
    return jobs.map((id) => views.requireJob(id, caller).record.id);
  };
  return {
    kill: async ({ jobs, all, reason: asked, indexes }, caller) => {
      const isOwner = all || jobs.every((id) => views.requireJob(id, caller).record.owner === caller.name);
      const reason = killReason(asked, caller, isOwner);
      if (indexes.length > 0) {
        const job = onlyOne(own(jobs, caller));
        const view = views.requireJob(job, caller);
        for (const index of indexes) views.requireIndex(view, index);
        await engine.ask((request) => ({ type: 'tasks-killed', request, job, indexes, reason }));
        log.info('tasks were killed', { job, tasks: indexes.length, reason, by: caller.name });
        return { killed: [] };
      }
      if (all && caller.onlyJob !== undefined) {
        throw new DsageError('permission-denied', 'A coordinator may stop its own job only.');
      }
      const targets = all ? views.unfinished(caller.name) : own(jobs, caller);
      const { jobs: killed } = await engine.ask((request) => ({
        ...{ type: 'jobs-killed', request, jobs: targets, reason },
      }));
      if (killed.length > 0) log.info('jobs were killed', { ...named(killed), reason, by: caller.name });
      return { killed };
    },
    rerun: async ({ jobs, onlyFailed }, caller) => {
      const targets = own(jobs, caller);
      await engine.settled();
      for (const job of targets) {
        await engine.ask((request) => ({
          type: 'job-rerun',
          request,
          job,
          onlyFailed,
          read: () => {
            const record = engine.store.job(job);
            return record === undefined ? undefined : { record, ends: engine.store.ends(job, 0) };
          },
          readJob: (id) => engine.store.job(id),
        }));
      }
      log.info('jobs were rerun', { ...named(targets), onlyFailed, by: caller.name });
      return { jobs: targets };
    },
    pause: async ({ jobs }, caller) => {
      const targets = own(jobs, caller);
      await engine.ask((request) => ({ type: 'jobs-paused', request, jobs: targets }));
      log.info('jobs were paused', { ...named(targets), by: caller.name });
      return {};
    },
    resume: async ({ jobs }, caller) => {
      const targets = own(jobs, caller);
      await engine.ask((request) => ({ type: 'jobs-resumed', request, jobs: targets }));
      log.info('jobs were resumed', { ...named(targets), by: caller.name });
      return {};
    },
    setPriority: async ({ jobs, priority }, caller) => {
      const targets = own(jobs, caller);
      checkPriority(priority);
      await engine.ask((request) => ({ type: 'priority-set', request, jobs: targets, priority }));
      log.info('the priority of jobs was set', { ...named(targets), priority, by: caller.name });
      return {};
    },
    forget: async ({ jobs, allFinished }, caller) => {
      const targets = allFinished ? [...views.finished(caller.name)] : own(jobs, caller);
      const { jobs: gone } = await engine.ask((request) => ({
        ...{ type: 'jobs-forgotten', request, jobs: targets },
      }));
      if (gone.length > 0) log.info('jobs were forgotten', { ...named(gone), by: caller.name });
      return { forgotten: gone.length };
    },
  };
}

/** Who killed it, too, unless its owner says why: a reason that names nobody is the owner's. */
function killReason(asked: string, { name }: Identity, isOwner: boolean): string {
  if (asked === '') return `Killed by ${name}.`;
  return isOwner ? asked : `${asked} (killed by ${name})`;
}

const MAX_NAMED = 20;

/** For the log: which jobs, the first of them where they are many. */
function named(jobs: readonly JobId[]): { readonly count: number; readonly jobs: readonly JobId[] } {
  return { count: jobs.length, jobs: jobs.slice(0, MAX_NAMED) };
}

function onlyOne(jobs: readonly JobId[]): JobId {
  const [job, ...others] = jobs;
  if (job !== undefined && others.length === 0) return job;
  throw new DsageError('invalid-argument', 'Tasks can be killed in one job at a time.');
}
