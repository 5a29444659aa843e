import type { Lease } from '../../model/task.js';
import { assign, nextReturnWake, revokeBehindStuck } from './assign.js';
import { stopCoordinators } from './coordinators.js';
import type { AgentEvent, Effect, Report } from './events.js';
import {
  blobEvicted,
  forgetIdlePrograms,
  inputFailed,
  inputFetched,
  programFailed,
  programFetched,
  takeLeases,
} from './intake.js';
import { acknowledge, addOutput, flush, nextLingerWake, sendAgain } from './outbox.js';
import { forgetPace, measure, nextPaceWake, renew } from './pace.js';
import { sayProgressAgain, takeProgress } from './progress.js';
import { sayStartsAgain } from './starts.js';
import {
  allHeld,
  dropHeld,
  findHeld,
  heldCount,
  setPlace,
  slotOf,
  type AgentState,
  type Held,
  type Program,
  type SlotState,
} from './state.js';
import { endLease, endWithoutRecord, returnLease, type Turn } from './turn.js';

/**
 * Decides everything that a worker does: changes `state` and returns what is to be done, in order.
 *
 * @param now Milliseconds on a clock that never goes back; fractions count.
 */
export function step(state: AgentState, event: AgentEvent, now: number): Effect[] {
  const turn: Turn = { now, effects: [], ends: [], chunks: [] };
  apply(state, event, turn);
  settle(state, turn);
  return turn.effects;
}

/** When `woke` must come though nothing else happens, on the clock of `now`; Infinity for not at all. */
export function nextWake(state: AgentState, now: number): number {
  return Math.min(nextPaceWake(state, now), nextReturnWake(state), nextLingerWake(state));
}

function apply(state: AgentState, event: AgentEvent, turn: Turn): void {
  switch (event.type) {
    case 'stream-opened':
      state.connection = 'registering';
      state.noMoreLeases = false;
      turn.effects.push({
        type: 'register',
        held: [...allHeld(state)].filter((held) => !held.stale).map(leaseOf),
      });
      return;
    case 'registered':
      registered(state, turn, event);
      return;
    case 'disconnected':
      state.connection = 'down';
      return;
    case 'leases-received':
      takeLeases(state, turn, event);
      return;
    case 'answers-recorded':
      acknowledge(state, event.seq);
      return;
    case 'kill-received':
      for (const lease of event.leases) killLease(state, turn, { lease, reason: event.reason });
      return;
    case 'drain-received':
      drain(state, turn, event);
      return;
    case 'resume-received':
      resume(state);
      return;
    case 'slots-reported':
      slotsReported(state, turn, event.reports);
      return;
    case 'answer-stored': {
      const held = findHeld(state, event.lease);
      if (held?.place === 'storing')
        endLease(state, turn, { held, outcome: event.outcome, record: event.record });
      return;
    }
    case 'answer-not-stored': {
      const held = findHeld(state, event.lease);
      if (held?.place !== 'storing') return;
      endWithoutRecord(state, turn, { held, outcome: 'failed', kind: 'not-sendable', reason: event.reason });
      return;
    }
    case 'program-fetched':
      programFetched(state, turn, event.job);
      return;
    case 'program-failed':
      programFailed(state, turn, event);
      return;
    case 'input-fetched':
      inputFetched(state, turn, event.lease);
      return;
    case 'input-failed':
      inputFailed(state, turn, event);
      return;
    case 'blob-evicted':
      blobEvicted(state, event.sha256);
      return;
    case 'woke':
      revokeBehindStuck(state, turn);
      return;
  }
}

/** What follows from any event: work is handed out, the server is told, memory is given back. */
function settle(state: AgentState, turn: Turn): void {
  forgetPace(state, turn.now);
  if (state.draining) returnFetching(state, turn);
  assign(state, turn);
  // The credit goes before the answers: the server must not send the returned leases right back.
  renew(state, turn);
  flush(state, turn);
  forgetIdlePrograms(state, turn);
  if (state.draining && !state.drained && isEmptied(state)) {
    state.drained = true;
    turn.effects.push({ type: 'drained', ...state.draining });
  }
}

/** A lease that is on its way to a worker that leaves would be missed for the whole of its time. */
function isEmptied(state: AgentState): boolean {
  const mayGetMore = state.connection !== 'down' && !state.noMoreLeases;
  return !mayGetMore && heldCount(state) === 0 && state.unacknowledged.length === 0;
}

function leaseOf(held: Held): Lease {
  return { job: held.job, index: held.index, attempt: held.attempt };
}

function registered(state: AgentState, turn: Turn, event: Extract<AgentEvent, { type: 'registered' }>): void {
  state.connection = 'up';
  state.connectedAtMs = turn.now;
  state.worker = event.worker;
  state.renewMs = event.renewMs;
  // Not on this stream: whatever the credit is, it is said now.
  state.announcedCredit = -1;
  for (const lease of event.stale) dropStale(state, turn, lease);
  if (state.draining) turn.effects.push({ type: 'announce-drain', ...state.draining });
  sayProgressAgain(state);
  sayStartsAgain(state);
  sendAgain(state, turn);
}

function dropStale(state: AgentState, turn: Turn, lease: Lease): void {
  const held = findHeld(state, lease);
  if (!held) return;
  switch (held.place) {
    case 'fetching':
    case 'queued':
      // The queue skips what is not `queued` any more.
      dropHeld(state, held);
      held.place = 'ended';
      return;
    case 'slot':
      held.stale = true;
      killInSlot(turn, held, 'The server gave it to another worker.');
      return;
    case 'storing':
    case 'ended':
      // Computed to the end: the server takes the first valid answer, whoever it comes from.
      return;
  }
}

function killLease(state: AgentState, turn: Turn, kill: { lease: Lease; reason: string }): void {
  const held = findHeld(state, kill.lease);
  if (held?.place === 'slot') killInSlot(turn, held, kill.reason);
  else if (held?.place === 'fetching' || held?.place === 'queued') {
    endWithoutRecord(state, turn, { held, outcome: 'killed', kind: 'killed', reason: kill.reason });
  }
}

/** The slot reports the end, at once when the task had not started. */
function killInSlot(turn: Turn, held: Held, reason: string): void {
  held.ending = 'killed';
  turn.effects.push({ type: 'kill', slot: held.slot, lease: held, reason });
}

function drain(
  state: AgentState,
  turn: Turn,
  asked: { reason: string; stop: boolean; isFromServer?: boolean },
): void {
  const before = state.draining;
  if (asked.isFromServer === true) state.noMoreLeases = true;
  if (before && (before.stop || !asked.stop)) return;
  state.draining = { reason: asked.reason, stop: asked.stop };
  state.drained = false;
  stopCoordinators(state, turn, asked.reason);
  // The server knows what it asked for itself: said behind a resume, it would begin the drain again.
  if (asked.isFromServer !== true && state.connection === 'up')
    turn.effects.push({ type: 'announce-drain', ...state.draining });
}

/** A worker that ends once it has drained has said so, or says it again: the server will answer that it drains. */
function resume(state: AgentState): void {
  state.noMoreLeases = false;
  if (state.draining?.stop !== false) return;
  state.draining = undefined;
  state.drained = false;
}

function returnFetching(state: AgentState, turn: Turn): void {
  if (state.counts.fetching === 0) return;
  for (const held of allHeld(state)) {
    if (held.place === 'fetching') returnLease(state, turn, held);
  }
}

function slotsReported(state: AgentState, turn: Turn, reports: readonly Report[]): void {
  const finished = state.slots.map((): { ended: number; program: Program | undefined } => ({
    ended: 0,
    program: undefined,
  }));
  for (const report of reports) {
    const held = findHeld(state, report.lease);
    if (!held) continue;
    if (report.type === 'output') {
      takeOutput(turn, held, report);
      continue;
    }
    if (report.type === 'progress') {
      takeProgress(state, held, report.fraction);
      continue;
    }
    const slot = slotOf(state, report.slot);
    if (!slot || !leaveSlot(state, turn, { held, slot })) continue;
    // A coordinator's slot has none: nothing of it is measured.
    const tally = finished[report.slot];
    if (tally) {
      tally.ended += 1;
      tally.program = held.program;
    }
    if (report.type === 'ended') slotEnded(state, turn, { held, report });
    else {
      setPlace(state, held, 'storing');
      held.slot = -1;
      turn.effects.push({ type: 'store-answer', lease: leaseOf(held) });
    }
  }
  for (const slot of state.slots) {
    const { ended, program } = finished[slot.number] ?? { ended: 0, program: undefined };
    if (!program) continue;
    measure(state, { program, ended, elapsedMs: turn.now - slot.sinceMs });
    slot.sinceMs = turn.now;
    state.lastEndMs = turn.now;
  }
}

function slotEnded(
  state: AgentState,
  turn: Turn,
  { held, report }: { held: Held; report: Extract<Report, { type: 'ended' }> },
): void {
  const { outcome, record } = report;
  if (held.ending === 'returned' && outcome === 'killed' && !held.stale) returnLease(state, turn, held);
  else endLease(state, turn, { held, outcome, record });
}

function takeOutput(turn: Turn, held: Held, report: Extract<Report, { type: 'output' }>): void {
  if (held.place === 'ended' || held.stale) return;
  const { stderr, data } = report;
  const chunk = { job: held.job, index: held.index, attempt: held.attempt, chunk: held.chunks, stderr, data };
  if (addOutput(turn, chunk)) held.chunks += 1;
}

/** Whether the end that `slot` reports counts; the lease is in no slot and no queue afterwards. */
function leaveSlot(state: AgentState, turn: Turn, end: { held: Held; slot: SlotState }): boolean {
  const { held, slot } = end;
  // It was revoked, and had started all the same. The queue skips what is not `queued` any more.
  if (held.place === 'queued') return true;
  if (held.place !== 'slot') return false;
  const holder = slotOf(state, held.slot);
  const place = holder?.held.indexOf(held) ?? -1;
  if (!holder || place === -1) return false;
  if (holder === slot) {
    slot.held.splice(place, 1);
    if (slot.number >= state.slots.length) state.coordinating -= 1;
    return true;
  }
  // Revoked here, started all the same, and given to another slot meanwhile. When it runs there, that answer
  // is as good as this one; when it only waits there, it need not run.
  if (place === 0) return false;
  holder.held.splice(place, 1);
  turn.effects.push({ type: 'revoke', slot: holder.number, leases: [held] });
  return true;
}
