import type { JobId } from '../../model/job.js';
import { whyNoPlace } from './coordinators.js';
import { numberAndName } from './dependencies.js';
import { needsOfCoordinator } from './leases.js';
import { exhausted, unfit } from './schedule.js';
import { type LiveJob, type LiveWorker, needsOfJob, type State, statusOf } from './state.js';

const SHOWN_BLOCKERS = 5;
const SHOWN_WORKERS = 5;

export interface Explanation {
  /** One sentence each, the strongest first. */
  readonly reasons: readonly string[];
  readonly workers: readonly {
    readonly worker: number;
    readonly name: string;
    readonly canRun: boolean;
    readonly reason: string;
  }[];
}

/** Why an unfinished job's waiting tasks are not running. */
export function explain(state: State, id: JobId): Explanation | undefined {
  const job = state.jobs.get(id);
  if (job === undefined) return undefined;
  const verdicts = [...state.workers.values()].map((worker) => ({ worker, reason: whyNot(worker, job) }));
  const workers = verdicts.map(({ worker, reason }) => ({
    worker: worker.number,
    name: worker.info.name,
    canRun: reason === undefined,
    reason: reason ?? 'it can run this job now',
  }));
  return { reasons: reasonsFor(state, job, verdicts), workers };
}

function reasonsFor(
  state: State,
  job: LiveJob,
  verdicts: readonly { readonly worker: LiveWorker; readonly reason: string | undefined }[],
): string[] {
  const blockers = blockersOf(state, job);
  if (job.state.status === 'paused')
    return [`Job ${String(job.id)} is paused. Resume it to let its tasks run.`, ...blockers];
  if (blockers.length > 0) return blockers;
  const coordination = job.coordinatorWaits ? [coordinatorWaits(state, job)] : [];
  if (job.waiting.size === 0) {
    if (coordination.length > 0) return coordination;
    if (isLeft(job)) return [leftSentence(job)];
    const processing = `All tasks of job ${String(job.id)} that were submitted are running or have ended (${String(job.leases.size)} running).`;
    return job.state.closed ? [processing] : [processing, 'More tasks may come: the job is not closed.'];
  }
  return [...coordination, ...reasonsForTasks(state, job, verdicts)];
}

/** Its coordinator is not on a worker, and there is nothing that it could be waiting for. */
function isLeft({ spec, state, leases }: LiveJob): boolean {
  return spec.kind === 'class' && !spec.detached && !state.closed && leases.size === 0;
}

function leftSentence({ id, state }: LiveJob): string {
  const tasks = state.taskCount === 0 ? 'It has no tasks yet' : 'All its tasks have ended';
  return (
    `${tasks}; its coordinator has not said what comes next. If that is gone, go on with the job: ` +
    `d.attach(Class, ${String(id)}), or dsage run FILE --attach ${String(id)}.`
  );
}

/** What keeps a coordinator from a place: it needs nothing else of a worker. */
function coordinatorWaits(state: State, job: LiveJob): string {
  const needs = needsOfCoordinator(job);
  const about = [...state.workers.values()].map((worker) => {
    const misfit = unfit(worker, needs);
    const why =
      misfit === undefined ? (whyNoPlace(worker) ?? 'has a place for it') : `cannot run it: ${misfit}`;
    return `worker ${worker.info.name} ${why}`;
  });
  const more = about.length - SHOWN_WORKERS;
  const shown = about.slice(0, SHOWN_WORKERS).join(', ') + (more > 0 ? `, and ${String(more)} more` : '');
  return `Its coordinator waits for a worker that takes coordinators (${shown === '' ? 'no worker is here' : shown}).`;
}

function reasonsForTasks(
  state: State,
  job: LiveJob,
  verdicts: readonly { readonly worker: LiveWorker; readonly reason: string | undefined }[],
): string[] {
  const connected = verdicts.filter(({ worker }) => worker.connection !== undefined);
  if (connected.length === 0) return ['No worker is connected. Start one: dsage-worker --server HOST:PORT'];
  const needs = needsOfJob(job);
  const fitting = connected.filter(({ worker }) => unfit(worker, needs) === undefined);
  if (fitting.length === 0) {
    const [first] = connected;
    const example =
      first === undefined
        ? ''
        : ` For instance ${first.worker.info.name}: ${String(unfit(first.worker, needs))}.`;
    return [`None of the ${String(connected.length)} connected workers can run this job.${example}`];
  }
  const reasons: string[] = [];
  const ready = fitting.filter(({ reason }) => reason === undefined);
  if (ready.length === 0) reasons.push(noneReady(fitting.map(({ reason }) => String(reason))));
  const ahead = jobsAhead(state, job);
  if (ahead > 0)
    reasons.push(`${String(ahead)} other jobs are served first (higher priority, or submitted earlier).`);
  const held = state.share.get(job.owner) ?? 0;
  if (held > 0 && state.share.size > 1)
    reasons.push(`${job.owner} holds ${String(held)} leases; other users get their share first.`);
  return reasons.length > 0 ? reasons : ['Its tasks are being given out now.'];
}

/** The jobs that it waits for, each with its status; of many of them the first ones. */
function blockersOf(state: State, job: LiveJob): string[] {
  const open = [...(state.blocked.get(job.id) ?? [])].flatMap((id) => state.jobs.get(id) ?? []);
  const sentences = open.slice(0, SHOWN_BLOCKERS).map((other) => {
    return `It waits for job ${numberAndName(other.id, other.spec.name)}, which is ${statusOf(other)}.`;
  });
  const more = open.length - sentences.length;
  return more > 0 ? [...sentences, `It waits for ${String(more)} more.`] : sentences;
}

/** What keeps all fitting workers from taking a task now. */
function noneReady(reasons: readonly string[]): string {
  const [first] = reasons;
  const workers = reasons.length === 1 ? 'The only worker' : `None of the ${String(reasons.length)} workers`;
  const which = `${workers} that can run this job`;
  const same = reasons.every((reason) => reason === first);
  if (reasons.length === 1) return `${which} has no room for it: ${String(first)}.`;
  return `${which} has room for it${same ? '' : ', for instance'}: ${String(first)}.`;
}

function whyNot(worker: LiveWorker, job: LiveJob): string | undefined {
  if (job.coordinatorWaits && job.waiting.size === 0) {
    const why = unfit(worker, needsOfCoordinator(job)) ?? whyNoPlace(worker);
    return why === undefined || why.startsWith('it ') ? why : `it ${why}`;
  }
  if (worker.connection === undefined) return 'it is not connected at the moment';
  if (worker.draining) return 'it is draining';
  const reason = unfit(worker, needsOfJob(job));
  if (reason !== undefined) return reason;
  if (worker.held >= worker.info.slots) return `all its ${String(worker.info.slots)} slots are taken`;
  const resource = exhausted(worker, needsOfJob(job));
  return resource === undefined ? undefined : `its ${resource} is in use`;
}

function jobsAhead(state: State, job: LiveJob): number {
  let ahead = 0;
  for (const queue of state.queues.values()) {
    if (queue.priority < job.state.priority) ahead += queue.jobs.size;
    else if (queue.key === job.queueKey) ahead += queue.jobs.ahead(job.id);
  }
  return ahead;
}
