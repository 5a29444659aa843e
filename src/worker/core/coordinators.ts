import { setPlace, type AgentState, type Held, type SlotState } from './state.js';
import { returnLease, type Turn } from './turn.js';

/**
 * Coordinators of detached jobs: each is the first task of its job, lives for days and mostly waits. They run in
 * slots of their own behind the others, and nothing of how tasks are paced, queued or counted knows of them.
 */

/** Gives a coordinator a slot at once. Where none is free it goes back: another worker may have one. */
export function placeCoordinator(state: AgentState, turn: Turn, held: Held): void {
  const slot = state.draining ? undefined : freeSlot(state);
  if (!slot) {
    returnLease(state, turn, held);
    return;
  }
  setPlace(state, held, 'slot');
  held.slot = slot.number;
  slot.owner = held.program.spec.owner;
  slot.sinceMs = turn.now;
  slot.held.push(held);
  state.coordinating += 1;
  turn.effects.push({ type: 'run', slot: slot.number, program: held.program, leases: [held] });
}

/**
 * The worker leaves, and would be kept by them for days: they are stopped, and another worker goes on with what the
 * server knows of their jobs.
 */
export function stopCoordinators(state: AgentState, turn: Turn, reason: string): void {
  for (const slot of state.coordinatorSlots) {
    for (const held of slot.held) {
      if (held.ending !== 'no') continue;
      held.ending = 'returned';
      turn.effects.push({ type: 'kill', slot: slot.number, lease: held, reason });
    }
  }
}

/**
 * An empty one, else one whose coordinators have all been told to stop. The server takes those for gone: were the
 * next one returned until they are, it would come back again and again.
 */
function freeSlot(state: AgentState): SlotState | undefined {
  const slots = state.coordinatorSlots;
  const empty = slots.find((slot) => slot.held.length === 0);
  return empty ?? slots.find((slot) => slot.held.every((held) => held.ending !== 'no'));
}
