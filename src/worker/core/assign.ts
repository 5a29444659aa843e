import { expectedMs, isStuck, runsFor } from './pace.js';
import { peek, putBack, queuedLeases, takeHead } from './queue.js';
import { setPlace, type AgentState, type Held, type Queue, type SlotState } from './state.js';
import { returnLease, type Turn } from './turn.js';

/** A slot is given about this much work at once, so that it does not wait for us between short tasks. */
const BATCH_MS = 10;
const MAX_BATCH = 256;
/**
 * Up to this length a slot has the next task already while it runs one: on a machine whose cores all compute, the
 * way from the child to us and back takes a millisecond or more. What waits there is delayed by one task at most.
 */
const PREFETCH_MS = 50;
/** A lease that no slot took for this long goes back: another worker may be free. */
const RETURN_MS = 500;
/** How long another owner's lease waits before a warm child is given up for it. */
const OWNER_PATIENCE_MS = 200;

/**
 * Takes back what waits behind a long task. Not with just any event: after a pause of this process the slots may
 * look stuck until what they said meanwhile has been read, and what is revoked too late runs twice.
 */
export function revokeBehindStuck(state: AgentState, turn: Turn): void {
  for (const slot of state.slots) {
    if (slot.held.length > 1 && isStuck(slot, turn.now)) revokeWaiting(state, turn, slot);
  }
}

/** Hands waiting leases to slots, returns what waited too long. */
export function assign(state: AgentState, turn: Turn): void {
  if (state.draining) {
    for (const slot of state.slots) if (slot.held.length > 1) revokeWaiting(state, turn, slot);
    returnQueued(state, turn, Infinity);
    return;
  }
  if (state.counts.queued > 0) fillSlots(state, turn);
  if (state.counts.queued > 0 && state.connection === 'up') returnQueued(state, turn, turn.now - RETURN_MS);
}

export function queueOf(state: AgentState, owner: string): Queue {
  let queue = state.queues.get(owner);
  if (!queue) {
    queue = { items: [], head: 0 };
    state.queues.set(owner, queue);
  }
  return queue;
}

function revokeWaiting(state: AgentState, turn: Turn, slot: SlotState): void {
  const leases = slot.held.splice(1);
  for (const held of leases) {
    setPlace(state, held, 'queued');
    held.slot = -1;
  }
  const owner = leases[0]?.program.spec.owner;
  if (owner !== undefined) putBack(queueOf(state, owner), leases);
  turn.effects.push({ type: 'revoke', slot: slot.number, leases });
}

/** Returns the leases that came before `beforeMs`; a reconnect starts the wait anew. */
function returnQueued(state: AgentState, turn: Turn, beforeMs: number): void {
  if (state.connectedAtMs > beforeMs) return;
  for (const [owner, queue] of state.queues) {
    let held = peek(queue);
    while (held && held.receivedAtMs <= beforeMs) {
      takeHead(queue);
      returnLease(state, turn, held);
      held = peek(queue);
    }
    if (!held) state.queues.delete(owner);
  }
}

function fillSlots(state: AgentState, turn: Turn): void {
  const open = state.slots.filter((slot) => wantsMore(state, slot, turn.now));
  // An equal share for each, so that the first slot does not take what the second could start now.
  const share = Math.max(1, Math.ceil(state.counts.queued / Math.max(1, open.length)));
  // Idle slots first. A slot whose child already ran the owner's code goes before one that needs a new child.
  const idle = open.filter((slot) => slot.held.length === 0);
  const busy = open.filter((slot) => slot.held.length > 0);
  for (const slot of idle) {
    const queue = familiarQueue(state, slot, turn.now);
    if (queue) fill(state, turn, { slot, queue, share });
  }
  for (const slot of idle) {
    const queue = slot.held.length === 0 ? oldestQueue(state) : undefined;
    if (queue) fill(state, turn, { slot, queue, share });
  }
  for (const slot of busy) {
    const queue = familiarQueue(state, slot, turn.now);
    if (queue) fill(state, turn, { slot, queue, share });
  }
}

/** Whether the slot has nothing, or only so little short work that it would wait for us soon. */
function wantsMore(state: AgentState, slot: SlotState, now: number): boolean {
  const first = slot.held[0];
  if (!first) return true;
  const perTask = expectedMs(state, first.program);
  if (perTask === 0 || runsFor(slot, now) > Math.max(BATCH_MS, perTask)) return false;
  if (slot.held.length === 1 && perTask <= PREFETCH_MS) return true;
  return slot.held.length < MAX_BATCH && slot.held.length * perTask < BATCH_MS / 2;
}

/** The queue of the slot's own owner, unless somebody else has waited too long. */
function familiarQueue(state: AgentState, slot: SlotState, now: number): Queue | undefined {
  if (slot.owner === undefined) return oldestQueue(state);
  const own = state.queues.get(slot.owner);
  const head = own && peek(own);
  if (!head) return undefined;
  for (const [owner, queue] of state.queues) {
    if (owner === slot.owner) continue;
    const other = peek(queue);
    if (other && other.receivedAtMs < head.receivedAtMs && now - other.receivedAtMs > OWNER_PATIENCE_MS) {
      return undefined;
    }
  }
  return own;
}

function oldestQueue(state: AgentState): Queue | undefined {
  let oldest: Queue | undefined;
  let oldestMs = Infinity;
  for (const [owner, queue] of state.queues) {
    const head = peek(queue);
    if (!head) state.queues.delete(owner);
    else if (head.receivedAtMs < oldestMs) {
      oldest = queue;
      oldestMs = head.receivedAtMs;
    }
  }
  return oldest;
}

function fill(state: AgentState, turn: Turn, how: { slot: SlotState; queue: Queue; share: number }): void {
  const { slot, queue } = how;
  let plannedMs = plannedWork(state, slot);
  let group: Held[] = [];
  for (let taken = 0; taken < how.share && slot.held.length < MAX_BATCH; taken += 1) {
    const held = peek(queue);
    if (!held) break;
    const known = expectedMs(state, held.program);
    const perTask = known || BATCH_MS;
    const isNext = slot.held.length === 1 && known > 0 && known <= PREFETCH_MS;
    if (slot.held.length > 0 && !isNext && plannedMs + perTask > BATCH_MS) break;
    takeHead(queue);
    if (slot.held.length === 0) slot.sinceMs = turn.now;
    if (group[0] !== undefined && group[0].program !== held.program) {
      giveGroup(turn, slot, group);
      group = [];
    }
    setPlace(state, held, 'slot');
    held.slot = slot.number;
    slot.owner = held.program.spec.owner;
    slot.held.push(held);
    group.push(held);
    plannedMs += perTask;
  }
  giveGroup(turn, slot, group);
}

function plannedWork(state: AgentState, slot: SlotState): number {
  const first = slot.held[0];
  return first ? slot.held.length * (expectedMs(state, first.program) || BATCH_MS) : 0;
}

function giveGroup(turn: Turn, slot: SlotState, leases: readonly Held[]): void {
  const program = leases[0]?.program;
  if (program) turn.effects.push({ type: 'run', slot: slot.number, program, leases });
}

/** When a waiting lease has waited too long, milliseconds on the clock of `now`. */
export function nextReturnWake(state: AgentState): number {
  let wake = Infinity;
  if (state.counts.queued === 0 || state.connection !== 'up') return wake;
  for (const queue of state.queues.values()) {
    const head = peek(queue);
    if (head) wake = Math.min(wake, Math.max(head.receivedAtMs, state.connectedAtMs) + RETURN_MS);
  }
  return wake;
}

/** All leases that wait, for `check`. */
export function* waitingLeases(state: AgentState): Generator<Held> {
  for (const queue of state.queues.values()) yield* queuedLeases(queue);
}
