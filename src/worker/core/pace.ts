import { PROGRESS_GAP_MS, progressToSay } from './progress.js';
import { nextStartMs, startsToSay } from './starts.js';
import type { Turn } from './turn.js';
import { isIdle, MAX_CREDIT, type AgentState, type Program, type SlotState } from './state.js';

/** A task that has run this long may run for ever: nothing waits behind it. */
const STUCK_MS = 100;
/** The queue on this worker should cover a round trip to a busy server, and not much more. */
const QUEUE_MS = 50;
/** Tasks of this length need no queue: the gap until the next lease is not worth what a queue would hold back. */
const LONG_MS = 500;
/** The largest sample: one task of an hour must not need an hour of short ones to be forgotten. */
const MAX_SAMPLE_MS = 1000;
/** The measured pace swings from turn to turn: it is not worth a message each time. */
const GROWTH_GAP_MS = 10;
/** Idle for this long, the worker forgets its pace: the next job is likely another one. */
const FORGET_MS = 1000;

export function runsFor(slot: SlotState, now: number): number {
  return slot.held.length === 0 ? 0 : now - slot.sinceMs;
}

export function isStuck(slot: SlotState, now: number): boolean {
  return runsFor(slot, now) >= STUCK_MS;
}

/** Learns from `ended` tasks that a slot has ended since `sinceMs`, the last of them of `program`. */
export function measure(
  state: AgentState,
  sample: { program: Program; ended: number; elapsedMs: number },
): void {
  const sampleMs = Math.min(MAX_SAMPLE_MS, Math.max(0.001, sample.elapsedMs / sample.ended));
  const weight = sample.ended >= 4 ? 0.5 : 0.2;
  state.meanMs = blend(state.meanMs, sampleMs, weight);
  sample.program.meanMs = blend(sample.program.meanMs, sampleMs, weight);
}

/** Follows longer tasks at once and shorter ones slowly: too long a queue costs more than too short a one. */
function blend(meanMs: number, sampleMs: number, weight: number): number {
  if (meanMs === 0 || sampleMs > meanMs * 2) return sampleMs;
  return meanMs + (sampleMs - meanMs) * weight;
}

/** How long a task of this program is expected to occupy a slot, milliseconds; 0 is not known. */
export function expectedMs(state: AgentState, program: Program): number {
  if (program.meanMs > 0) return program.meanMs;
  // Many small jobs of one task each never measure their own: take what all of them did, with care.
  return state.meanMs > 0 ? Math.max(1, state.meanMs) : 0;
}

/** How many leases this worker wants to hold: those that run, and a queue of about 50 ms of work. */
function creditOf(state: AgentState, now: number): number {
  if (state.draining) return 0;
  const slots = state.slots.length;
  let moving = 0;
  for (const slot of state.slots) if (!isStuck(slot, now)) moving += 1;
  if (state.meanMs === 0) return Math.min(MAX_CREDIT, slots + moving);
  if (state.meanMs >= LONG_MS) return Math.min(MAX_CREDIT, slots);
  return Math.min(MAX_CREDIT, slots + Math.ceil((moving * QUEUE_MS) / state.meanMs));
}

/** After a second with nothing to do, the credit falls back to where a worker starts. */
export function forgetPace(state: AgentState, now: number): void {
  if (state.meanMs > 0 && isIdle(state) && now - state.lastEndMs >= FORGET_MS) state.meanMs = 0;
}

/** Renews the leases when that is due, and at once when the credit changed much. */
export function renew(state: AgentState, turn: Turn): void {
  if (state.connection !== 'up') return;
  const credit = creditOf(state, turn.now);
  const elapsedMs = turn.now - state.renewedAtMs;
  const hasNews = state.unsaid.size > 0 || nextStartMs(state) <= turn.now;
  const isDue = elapsedMs >= state.renewMs || (hasNews && elapsedMs >= PROGRESS_GAP_MS);
  if (!isDue && !isWorthSaying(state, credit, elapsedMs)) return;
  state.announcedCredit = credit;
  state.renewedAtMs = turn.now;
  const busySlots = state.slots.reduce((sum, slot) => sum + (slot.held.length > 0 ? 1 : 0), 0);
  const running = startsToSay(state, turn.now);
  turn.effects.push({ type: 'renew', credit, busySlots, progress: progressToSay(state), running });
}

/** Less credit is said at once when it is half or nearly no queue, more of it when it is a quarter and not too often. */
function isWorthSaying(state: AgentState, credit: number, elapsedMs: number): boolean {
  const announced = state.announcedCredit;
  if (announced < 0) return true;
  if (credit === announced) return false;
  if (credit > announced) return credit >= announced * 1.25 && elapsedMs >= GROWTH_GAP_MS;
  return credit <= announced / 2 || (credit < announced && credit <= state.slots.length * 2);
}

/** When the pace has to be looked at again though nothing happens, milliseconds on the clock of `now`. */
export function nextPaceWake(state: AgentState, now: number): number {
  let wake = Infinity;
  if (state.connection === 'up') wake = nextRenewal(state, now);
  if (state.meanMs > 0 && isIdle(state)) wake = Math.min(wake, state.lastEndMs + FORGET_MS);
  for (const slot of state.slots) {
    // What waits behind a stuck one is revoked with the next `woke`.
    if (slot.held.length > 1 || (slot.held.length > 0 && !isStuck(slot, now)))
      wake = Math.min(wake, slot.sinceMs + STUCK_MS);
  }
  return wake;
}

function nextRenewal(state: AgentState, now: number): number {
  const credit = creditOf(state, now);
  const grown = credit > state.announcedCredit && credit >= state.announcedCredit * 1.25;
  const gapMs = grown ? GROWTH_GAP_MS : state.unsaid.size > 0 ? PROGRESS_GAP_MS : Infinity;
  const startTold = Math.max(nextStartMs(state), state.renewedAtMs + PROGRESS_GAP_MS);
  return Math.min(startTold, state.renewedAtMs + Math.min(gapMs, state.renewMs));
}
