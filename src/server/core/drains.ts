import type { WorkerNumber } from '../../model/worker.js';
import { heard } from './answers.js';
import { type Effects, type Problem, refusal } from './effects.js';
import type { LiveWorker, State } from './state.js';
import { loseWorker } from './workers.js';

/**
 * Workers that shall take nothing new: one that only drains may be resumed, one that drains in order to end (it was
 * told to, or it was sent a signal) may not.
 */

interface Asked {
  readonly request: number;
  readonly worker: WorkerNumber;
}

export function workerDraining(
  state: State,
  event: { readonly worker: WorkerNumber; readonly connection: number; readonly stop?: boolean },
  now: number,
  effects: Effects,
): void {
  const worker = heard(state, event, now);
  if (worker?.connection === undefined) return;
  const { number, connection } = worker;
  const stop = event.stop === true;
  if (!stop && worker.resumed) {
    // It goes on with a drain of an earlier stream; what resumed it is on its way to it, or was lost with that stream.
    effects.sends.push({ type: 'resume', worker: number, connection });
    return;
  }
  worker.draining = true;
  worker.resumed = false;
  if (stop) worker.stopping = true;
  // What was leased to it before is on its way in front of this: once it has this, nothing more will come.
  effects.sends.push({
    type: 'drain',
    worker: number,
    connection,
    reason: 'as the worker said',
    stop: false,
  });
}

export function drainAsked(
  state: State,
  event: Asked & { readonly reason: string; readonly stop: boolean },
  effects: Effects,
): void {
  const worker = state.workers.get(event.worker);
  if (worker?.connection === undefined) {
    refuse(event, notConnected(event.worker), effects);
    return;
  }
  drain(worker, worker.connection, event, effects);
  effects.sends.push({ type: 'reply', request: event.request });
}

/** One that drains not is left as it is: who asks twice is not in error. */
export function resumeAsked(state: State, event: Asked, effects: Effects): void {
  const worker = state.workers.get(event.worker);
  if (worker?.connection === undefined) {
    refuse(event, notConnected(event.worker), effects);
    return;
  }
  if (worker.stopping) {
    const what = `Worker ${String(worker.number)} ends once it has drained: it cannot be resumed.`;
    refuse(event, refusal('failed-precondition', what, 'Start another one with: dsage-worker'), effects);
    return;
  }
  worker.draining = false;
  worker.resumed = true;
  effects.sends.push({ type: 'resume', worker: worker.number, connection: worker.connection });
  effects.sends.push({ type: 'reply', request: event.request });
}

/** A connected worker drains, ends and is gone then; one that is away is forgotten, and what it held waits again. */
export function removeAsked(
  state: State,
  event: Asked & { readonly reason: string },
  now: number,
  effects: Effects,
): void {
  const worker = state.workers.get(event.worker);
  if (worker === undefined) {
    const what = `There is no worker ${String(event.worker)}.`;
    refuse(event, refusal('not-found', what, 'List them with: dsage workers'), effects);
    return;
  }
  if (worker.connection === undefined) loseWorker({ state, now, effects }, worker, { isFailure: false });
  else drain(worker, worker.connection, { reason: event.reason, stop: true }, effects);
  effects.sends.push({ type: 'reply', request: event.request });
}

function drain(
  worker: LiveWorker,
  connection: number,
  { reason, stop }: { readonly reason: string; readonly stop: boolean },
  effects: Effects,
): void {
  worker.draining = true;
  worker.resumed = false;
  if (stop) worker.stopping = true;
  effects.sends.push({ type: 'drain', worker: worker.number, connection, reason, stop });
}

function refuse({ request }: Asked, problem: Problem, effects: Effects): void {
  effects.sends.push({ type: 'reply', request, problem });
}

function notConnected(worker: WorkerNumber): Problem {
  return refusal('not-found', `No worker ${String(worker)} is connected.`, 'List them with: dsage workers');
}
