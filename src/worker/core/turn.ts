import type { Effect } from './events.js';
import { dropHeld, setPlace, type AgentState, type End, type Held, type OutputChunk } from './state.js';
import type { Failure, Outcome } from '../../model/task.js';

/** What one step gathers: effects at once, answers and output to be cut into messages when it ends. */
export interface Turn {
  readonly now: number;
  readonly effects: Effect[];
  readonly ends: End[];
  readonly chunks: OutputChunk[];
}

/** The lease has ended: its answer waits for the server from now on. */
export function endLease(
  state: AgentState,
  turn: Turn,
  end: { held: Held; outcome: Outcome; record: Uint8Array },
): void {
  const { held, outcome, record } = end;
  // A stale lease that completed all the same is worth telling: the server takes the first valid answer.
  if (held.stale && outcome !== 'completed') {
    dropHeld(state, held);
    return;
  }
  setPlace(state, held, 'ended');
  held.slot = -1;
  turn.ends.push({ lease: held, outcome, record, kind: 'error', reason: '' });
}

/** How a lease ended that has no record of a slot's. */
export interface Unrecorded {
  readonly held: Held;
  readonly outcome: Outcome;
  readonly kind: Failure['kind'];
  readonly reason: string;
}

/** The lease ends without a slot's record: returned, killed while it waited, or a blob could not be moved. */
export function endWithoutRecord(state: AgentState, turn: Turn, end: Unrecorded): void {
  const { held, outcome, kind, reason } = end;
  setPlace(state, held, 'ended');
  held.slot = -1;
  turn.ends.push({ lease: held, outcome, record: undefined, kind, reason });
}

export function returnLease(state: AgentState, turn: Turn, held: Held): void {
  endWithoutRecord(state, turn, { held, outcome: 'returned', kind: 'setup', reason: '' });
}
