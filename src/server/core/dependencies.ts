import type { JobId, JobRecord } from '../../model/job.js';
import { isFinal } from '../../model/status.js';
import { type Problem, refusal } from './effects.js';
import { endJobIfDone, stopJob } from './endings.js';
import type { JobSubmitted, ReadJob } from './events.js';
import { enqueue } from './leases.js';
import type { LiveJob, State } from './state.js';
import type { Turn } from './turn.js';

/**
 * Jobs that wait for others. A job is blocked from its submission (or rerun) until all that it names have been
 * completed; then it is let go for good, whatever becomes of them. No circle can arise: a job can only name jobs
 * that are there already.
 */

/** A reason is no longer than this, however long the chain of jobs that it comes down. */
const REASON_LENGTH = 600;
const REASON_END_LENGTH = 200;

/** How the jobs stand that one waits for. */
export interface Standing {
  readonly open: readonly JobId[];
  /** One of them failed or was killed: why the job cannot run. */
  readonly lost: string | undefined;
}

const NOTHING_OPEN: Standing = { open: [], lost: undefined };

/** How the jobs stand that a new one names, or why it may not name them. */
export function namedBy(state: State, event: JobSubmitted): Standing | Problem {
  const { spec, owner, naming } = event;
  if (spec.after === undefined) return NOTHING_OPEN;
  const named: JobRecord[] = [];
  for (const id of new Set(spec.after)) {
    const job = state.jobs.get(id) ?? naming?.readJob(id);
    if (job === undefined) {
      const what = `There is no job ${String(id)}, which this one is to wait for.`;
      return refusal('not-found', what, 'List yours with: dsage jobs');
    }
    if (job.owner !== owner && naming?.isAdmin !== true) {
      const what = `Job ${String(id)}, which this one is to wait for, is another user's.`;
      return refusal('permission-denied', what, 'Only its owner and admins may name it.');
    }
    named.push(job);
  }
  return standingOf(named);
}

/** The same for a job that runs again: what is not there any more had ended, and keeps nothing from running. */
export function namedAgain(state: State, { spec }: JobRecord, readJob: ReadJob): Standing {
  if (spec.after === undefined) return NOTHING_OPEN;
  const named = [...new Set(spec.after)].map((id) => state.jobs.get(id) ?? readJob(id));
  return standingOf(named.filter((job) => job !== undefined));
}

/** Before its tasks are there: they are to be put into no queue. */
export function block(state: State, job: LiveJob, open: readonly JobId[]): void {
  job.state.blocked = true;
  state.blocked.set(job.id, new Set(open));
  for (const id of job.spec.after ?? []) {
    const dependents = state.dependents.get(id);
    if (dependents === undefined) state.dependents.set(id, new Set([job.id]));
    else dependents.add(job.id);
  }
}

/** A job runs again: those that it kept waiting, and that others still do, wait for it once more. */
export function reopen(state: State, job: LiveJob): void {
  for (const id of state.dependents.get(job.id) ?? []) state.blocked.get(id)?.add(job.id);
}

/** At the end of a transition: what its ends mean for the jobs that wait, and what those ends mean, and so on. */
export function settleDependents(turn: Turn): void {
  const { state, effects } = turn;
  if (state.blocked.size === 0) return;
  // The list grows while it is read: recursion would not reach the end of a long chain.
  for (const id of effects.ended) {
    const job = state.jobs.get(id);
    if (job === undefined || !isFinal(job.state.status)) continue;
    if (job.state.blocked === true) unblock(state, job);
    for (const dependent of [...(state.dependents.get(id) ?? [])]) {
      const waiting = state.jobs.get(dependent);
      if (waiting !== undefined) told(turn, waiting, job);
    }
  }
}

/** Why a job does not run that waits for this one. */
function whyNeverRun({ id, spec, state: { status, reason } }: JobRecord): string {
  const verb = status === 'killed' ? 'was killed' : 'failed';
  const which = `Job ${numberAndName(id, spec.name)}, which it waits for, ${verb}`;
  return reason === '' ? `${which}.` : shortened(`${which}: ${reason}`);
}

export function numberAndName(id: JobId, name: string): string {
  return name === '' ? String(id) : `${String(id)} (${name})`;
}

function standingOf(named: readonly JobRecord[]): Standing {
  const lost = named.find(({ state: { status } }) => isFinal(status) && status !== 'completed');
  if (lost !== undefined) return { open: [], lost: whyNeverRun(lost) };
  return { open: named.filter(({ state }) => !isFinal(state.status)).map(({ id }) => id), lost: undefined };
}

/** What the end of `job` means for one that waits for it. */
function told(turn: Turn, waiting: LiveJob, job: LiveJob): void {
  const { state } = turn;
  if (job.state.status !== 'completed') {
    unblock(state, waiting);
    // One that has ended by itself in this transition keeps its own reason.
    if (!isFinal(waiting.state.status)) stopJob(turn, waiting, 'failed', whyNeverRun(job));
    return;
  }
  const open = state.blocked.get(waiting.id);
  open?.delete(job.id);
  if (open === undefined || open.size > 0) return;
  unblock(state, waiting);
  if (isFinal(waiting.state.status)) return;
  enqueue(state, waiting);
  endJobIfDone(turn, waiting);
}

function unblock(state: State, job: LiveJob): void {
  delete job.state.blocked;
  state.dirty.add(job);
  state.blocked.delete(job.id);
  for (const id of job.spec.after ?? []) {
    const dependents = state.dependents.get(id);
    dependents?.delete(job.id);
    if (dependents?.size === 0) state.dependents.delete(id);
  }
}

/** The beginning says which job, the end what went wrong at the other end of the chain. */
function shortened(reason: string): string {
  if (reason.length <= REASON_LENGTH) return reason;
  return `${reason.slice(0, REASON_LENGTH - REASON_END_LENGTH)} … ${reason.slice(-REASON_END_LENGTH)}`;
}
