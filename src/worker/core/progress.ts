import type { Lease } from '../../model/task.js';
import type { AgentState, Held } from './state.js';

/** How far a running task is, as it said itself: from 0 to 1. */
export interface TaskProgress extends Lease {
  readonly fraction: number;
}

/** What tasks say of themselves is worth a renewal this often. */
export const PROGRESS_GAP_MS = 1000;

export function takeProgress(state: AgentState, held: Held, fraction: number): void {
  if (held.place !== 'slot' || held.stale) return;
  state.progress.set(held, fraction);
  state.unsaid.add(held);
}

/** What the server was not told yet; from now on it counts as told. */
export function progressToSay(state: AgentState): TaskProgress[] {
  const said: TaskProgress[] = [];
  for (const [held, fraction] of state.progress) {
    if (held.place !== 'slot' || held.stale) state.progress.delete(held);
    else if (state.unsaid.has(held)) {
      said.push({ job: held.job, index: held.index, attempt: held.attempt, fraction });
    }
  }
  state.unsaid.clear();
  return said;
}

/** A server that was started anew knows nothing of it. */
export function sayProgressAgain(state: AgentState): void {
  for (const held of state.progress.keys()) state.unsaid.add(held);
}
