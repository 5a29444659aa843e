import { isCoordinator } from '../../model/job.js';
import { waitingLeases } from './assign.js';
import { allHeld, findHeld, heldCount, leaseKey, MAX_CREDIT, type AgentState, type Place } from './state.js';

/** Throws when the state contradicts itself. Runs after every step of the unit tests and of the simulation. */
export function check(state: AgentState): void {
  checkPlaces(state);
  checkOutbox(state);
  checkPrograms(state);
  demand(state.announcedCredit <= MAX_CREDIT, 'the credit is above its limit');
  if (state.draining) {
    demand(
      state.counts.queued === 0 && state.counts.fetching === 0,
      'a draining worker holds leases that wait',
    );
    demand(
      state.slots.every((slot) => slot.held.length <= 1),
      'a draining worker has leases that wait in a slot',
    );
    demand(
      state.coordinatorSlots.every((slot) => slot.held.every((held) => held.ending !== 'no')),
      'a draining worker has coordinators that were not told to stop',
    );
  }
}

function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`worker core: ${message}`);
}

/** A lease is in exactly one place, and the lists of that place say so too. */
function checkPlaces(state: AgentState): void {
  const seen: Record<Place, number> = { fetching: 0, queued: 0, slot: 0, storing: 0, ended: 0 };
  for (const held of allHeld(state)) {
    seen[held.place] += 1;
    demand(held.program.held.get(leaseKey(held)) === held, 'a lease is filed under another key');
    demand((held.place === 'slot') === held.slot >= 0, `a lease in place ${held.place} names a slot wrongly`);
    demand(
      (held.place === 'fetching') === held.fetches > 0 || held.place === 'ended',
      'fetches are miscounted',
    );
  }
  for (const place of Object.keys(seen) as Place[]) {
    demand(
      seen[place] === state.counts[place],
      `${place} counts ${String(state.counts[place])}, not ${String(seen[place])}`,
    );
  }
  const waiting = [...waitingLeases(state)];
  demand(new Set(waiting).size === waiting.length, 'a lease waits twice');
  demand(waiting.length === state.counts.queued, 'a waiting lease is in no queue');
  for (const held of waiting) {
    demand(findHeld(state, held) === held, 'a queue has a lease that is not held');
    demand(!isCoordinator(held.program.spec, held.index), 'a coordinator waits for a slot');
  }
  let inSlots = 0;
  for (const slot of state.slots) {
    inSlots += slot.held.length;
    demand(new Set(slot.held).size === slot.held.length, 'a slot has a lease twice');
    for (const held of slot.held) {
      demand(held.place === 'slot' && held.slot === slot.number, 'a slot has a lease that is elsewhere');
      demand(findHeld(state, held) === held, 'a slot has a lease that is not held');
      demand(held.program.spec.owner === slot.owner, 'a slot has a lease of another owner');
      demand(!isCoordinator(held.program.spec, held.index), 'a coordinator takes a slot');
    }
  }
  demand(inSlots + checkCoordinators(state) === state.counts.slot, 'a lease names a slot that has it not');
}

/** Coordinators are in their own slots and nowhere else, and no two of them run in one. How many there are. */
function checkCoordinators(state: AgentState): number {
  let count = 0;
  for (const [place, slot] of state.coordinatorSlots.entries()) {
    demand(slot.number === state.slots.length + place, 'the slot of a coordinator is numbered wrongly');
    count += slot.held.length;
    for (const held of slot.held) {
      demand(held.place === 'slot' && held.slot === slot.number, 'a coordinator is elsewhere');
      demand(findHeld(state, held) === held, 'a slot has a coordinator that is not held');
      demand(isCoordinator(held.program.spec, held.index), 'a task is in the slot of a coordinator');
    }
    const going = slot.held.filter((held) => held.ending === 'no');
    demand(going.length <= 1, 'two coordinators share a slot');
    demand(
      going.length === 0 || going[0] === slot.held.at(-1),
      'a coordinator waits behind one that goes on',
    );
  }
  demand(count === state.coordinating, 'coordinators are miscounted');
  return count;
}

/** Messages are in order without a gap; nothing acknowledged is held; every ended lease is in one message, or lingers. */
function checkOutbox(state: AgentState): void {
  let seq = state.acknowledgedSeq;
  let ended = 0;
  for (const message of state.unacknowledged) {
    seq += 1;
    demand(message.seq === seq, `message ${String(message.seq)} is out of order`);
    if (message.type === 'output') continue;
    for (const end of message.ends) {
      ended += 1;
      demand(findHeld(state, end.lease)?.place === 'ended', 'an answer waits for a lease that has not ended');
    }
  }
  demand(seq + 1 === state.nextSeq, 'a message is missing');
  for (const end of state.lingering) {
    ended += 1;
    demand(findHeld(state, end.lease)?.place === 'ended', 'an answer lingers for a lease that has not ended');
  }
  demand(ended === state.counts.ended, 'an ended lease is in no message, or in two');
  // After a reconnect it may get leases once more, and returns them.
  if (state.drained) demand(heldCount(state) === state.counts.ended, 'a drained worker holds leases');
}

function checkPrograms(state: AgentState): void {
  let bytes = 0;
  for (const [job, program] of state.programs) {
    const idle = state.idlePrograms.get(job) === program;
    demand(
      idle === (program.held.size === 0),
      `the program of job ${String(job)} is not where its leases say`,
    );
    if (idle) bytes += program.spec.program.byteLength;
  }
  demand(bytes === state.idleProgramBytes, 'the bytes of idle programs are miscounted');
}
