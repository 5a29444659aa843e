import { DsageError } from '../../model/errors.js';
import type { JobId } from '../../model/job.js';
import type { Identity } from '../../model/user.js';
import { readAnswerRecord } from '../../wire/packed.js';
import {
  blobToMessage,
  bufferOf,
  jobToMessage,
  statusFromMessage,
  statusToMessage,
} from '../../wire/convert.js';
import type { ClientServiceServer } from '../../wire/gen/dsage/v1/client.js';
import type { Job, Task } from '../../wire/gen/dsage/v1/types.js';
import { explain } from '../core/explain.js';
import type { JobView, TaskView } from '../views.js';
import { unary } from './handlers.js';
import { jobActions } from './job-actions.js';
import type { Services } from './services.js';

type JobCalls = Pick<
  ClientServiceServer,
  | 'listJobs'
  | 'getJob'
  | 'listTasks'
  | 'getTask'
  | 'killJobs'
  | 'rerunJobs'
  | 'pauseJobs'
  | 'resumeJobs'
  | 'setPriority'
  | 'forgetJobs'
  | 'coordinateJob'
  | 'explainJob'
>;

const NOTHING = Buffer.alloc(0);

/** The unary calls about jobs and tasks: users see and touch their own, admins all. */
export function jobCalls(services: Services): JobCalls {
  const { engine, views } = services;
  const store = engine.store;
  const actions = jobActions(services);
  return {
    listJobs: unary((request, caller) => {
      const { items, next } = views.jobs({
        ...request,
        statuses: request.statuses.map(statusFromMessage),
        owner: ownerAsked(request.owner, caller),
        from: tokenOf(request.pageToken),
      });
      return { jobs: items.map(jobMessage), nextPageToken: next === undefined ? '' : String(next) };
    }),
    getJob: unary((request, caller) => {
      const view = views.requireJob(request.job, caller);
      const { spec, state } = view.record;
      return {
        job: jobMessage(view),
        program: request.withProgram ? bufferOf(spec.program) : NOTHING,
        result: state.result === undefined ? NOTHING : bufferOf(state.result),
        bundle: spec.bundle === undefined ? undefined : blobToMessage(spec.bundle),
      };
    }),
    listTasks: unary((request, caller) => {
      const view = views.requireJob(request.job, caller);
      const statuses = request.statuses.map(statusFromMessage).filter((status) => status !== 'paused');
      const { items, next } = views.tasks(view, {
        statuses,
        pageSize: request.pageSize,
        from: tokenOf(request.pageToken) ?? 0,
      });
      const tasks = items.map((task) => taskMessage(request.job, task));
      return { tasks, nextPageToken: next === undefined ? '' : String(next) };
    }),
    getTask: unary((request, caller) => {
      const task = views.task(views.requireJob(request.job, caller), request.index);
      const end = store.end(request.job, request.index);
      const record = end === undefined ? undefined : store.answer(request.job, end.ordinal);
      const failures = store.failures(request.job, request.index).map(({ failure }) => bufferOf(failure));
      return {
        task: taskMessage(request.job, task),
        answer: record === undefined ? Buffer.alloc(0) : bufferOf(readAnswerRecord(record).payload),
        failures,
        input: bufferOf(store.task(request.job, request.index) ?? new Uint8Array(0)),
      };
    }),
    killJobs: unary(async (request, caller) => {
      const { killed } = await actions.kill(request, caller);
      return { killed: [...killed] };
    }),
    rerunJobs: unary(async (request, caller) => {
      const { jobs } = await actions.rerun(request, caller);
      return { jobs: [...jobs] };
    }),
    pauseJobs: unary(actions.pause),
    resumeJobs: unary(actions.resume),
    setPriority: unary(actions.setPriority),
    forgetJobs: unary(actions.forget),
    coordinateJob: unary(async ({ job }, caller) => {
      views.requireJob(job, caller);
      const { coordinator } = await engine.ask((request) => ({ type: 'coordinator-came', request, job }));
      if (coordinator === undefined) throw new DsageError('internal', 'A coordinator got no number.');
      return { coordinator: coordinator.number, taskCount: coordinator.taskCount };
    }),
    explainJob: unary(({ job }, caller) => {
      const view = views.requireJob(job, caller);
      const found = explain(engine.state, job);
      const ended = `Job ${String(job)} has ended: it is ${view.status}.`;
      if (found === undefined)
        return { reasons: [ended, view.record.state.reason].filter((it) => it !== ''), workers: [] };
      return { reasons: [...found.reasons], workers: [...found.workers] };
    }),
  };
}

function ownerAsked(owner: string, caller: Identity): string | undefined {
  if (owner === '' || owner === caller.name) return caller.name;
  if (caller.role !== 'admin') {
    throw new DsageError(
      'permission-denied',
      `The jobs of ${owner === '*' ? 'everybody' : owner} are other users' jobs.`,
      {
        hint: 'Only admins may list them.',
      },
    );
  }
  return owner === '*' ? undefined : owner;
}

function tokenOf(token: string): number | undefined {
  if (token === '') return undefined;
  const place = Number(token);
  if (Number.isSafeInteger(place) && place >= 0) return place;
  throw new DsageError('invalid-argument', `"${token}" is no page token.`, {
    hint: 'Use the nextPageToken of the page before.',
  });
}

function jobMessage({ record, processing }: JobView): Job {
  return jobToMessage(record, processing);
}

function taskMessage(job: JobId, { index, status, attempt, worker, meta, progress }: TaskView): Task {
  return {
    job,
    index,
    status: statusToMessage(status),
    attempt,
    worker,
    startedAtMs: meta?.startedAtMs ?? 0,
    wallUs: meta?.wallUs ?? 0,
    cpuUs: meta?.cpuUs ?? 0,
    peakMemoryKb: meta?.peakMemoryKb ?? 0,
    progress,
  };
}
