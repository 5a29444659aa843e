import type { Lease } from '../../model/task.js';
import type { AgentState, SlotState } from './state.js';

/** A task that runs, and how long it has. */
export interface RunningTask extends Lease {
  readonly runMs: number;
}

/**
 * A start is told once its task has run this long: shorter ones are told by their answers before anybody could see them.
 * A task that is as old as this also takes credit back, so that mostly the renewal that says so tells it too.
 */
const START_TOLD_AFTER_MS = 100;

/** Starts of which the server was not told yet; from now on they count as told. */
export function startsToSay(state: AgentState, now: number): RunningTask[] {
  const said: RunningTask[] = [];
  for (const slots of [state.slots, state.coordinatorSlots]) {
    for (const slot of slots) {
      const first = slot.held[0];
      if (first === undefined || now < startDueMs(slot)) continue;
      slot.told = first;
      const { job, index, attempt } = first;
      said.push({ job, index, attempt, runMs: Math.floor(now - slot.sinceMs) });
    }
  }
  return said;
}

/** When the start of some running task is worth telling, on the clock of `sinceMs`; Infinity for none. */
export function nextStartMs(state: AgentState): number {
  let next = Infinity;
  for (const slot of state.slots) next = Math.min(next, startDueMs(slot));
  for (const slot of state.coordinatorSlots) next = Math.min(next, startDueMs(slot));
  return next;
}

function startDueMs(slot: SlotState): number {
  const first = slot.held[0];
  if (first === undefined || first === slot.told || first.stale) return Infinity;
  return slot.sinceMs + START_TOLD_AFTER_MS;
}

/** A server that was started anew knows nothing of them. */
export function sayStartsAgain(state: AgentState): void {
  for (const slot of state.slots) slot.told = undefined;
  for (const slot of state.coordinatorSlots) slot.told = undefined;
}
