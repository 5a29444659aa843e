import { isCoordinator, type JobId, type Payload } from '../../model/job.js';
import type { Lease } from '../../model/task.js';
import { queueOf } from './assign.js';
import { placeCoordinator } from './coordinators.js';
import type { LeaseRun } from './events.js';
import { append } from './queue.js';
import {
  findHeld,
  leaseKey,
  MAX_ATTEMPT,
  MAX_IDLE_PROGRAM_BYTES,
  MAX_IDLE_PROGRAMS,
  setPlace,
  type AgentState,
  type Held,
  type Program,
  type ProgramSpec,
} from './state.js';
import { endWithoutRecord, type Turn } from './turn.js';

/** Takes in programs and leases. A lease that is already held, in whatever place, is not taken twice. */
export function takeLeases(
  state: AgentState,
  turn: Turn,
  received: { readonly programs: readonly ProgramSpec[]; readonly runs: readonly LeaseRun[] },
): void {
  for (const spec of received.programs) takeProgram(state, spec);
  for (const run of received.runs) takeRun(state, turn, run);
}

function takeProgram(state: AgentState, spec: ProgramSpec): void {
  // A program never changes, so the one that is known stays, with what was measured of it.
  if (state.programs.has(spec.job)) return;
  const program: Program = {
    spec,
    blobs: spec.blobs.length === 0 ? 'here' : 'missing',
    held: new Map(),
    meanMs: 0,
  };
  state.programs.set(spec.job, program);
  state.idlePrograms.set(spec.job, program);
  state.idleProgramBytes += spec.program.byteLength;
}

function takeRun(state: AgentState, turn: Turn, run: LeaseRun): void {
  const program = state.programs.get(run.job);
  if (!program || run.attempt > MAX_ATTEMPT) {
    // It was forgotten to save memory, or never came. On a new stream the server sends it again, and takes
    // back these leases, which are not among those that we name there.
    turn.effects.push({
      type: 'reconnect',
      reason: `the program of job ${String(run.job)} is not known here`,
    });
    return;
  }
  if (state.idlePrograms.delete(run.job)) state.idleProgramBytes -= program.spec.program.byteLength;
  const queue = queueOf(state, program.spec.owner);
  run.payloads.forEach((payload, place) => {
    const held = newHeld(turn.now, program, { run, place, payload });
    const key = leaseKey(held);
    if (program.held.has(key)) return;
    program.held.set(key, held);
    state.counts[held.place] += 1;
    if (held.fetches > 0) startFetches(turn, held);
    else if (isCoordinator(program.spec, held.index)) placeCoordinator(state, turn, held);
    else append(queue, held);
  });
}

function newHeld(
  now: number,
  program: Program,
  from: { run: LeaseRun; place: number; payload: Payload },
): Held {
  const { run, place, payload } = from;
  const input = run.inputs?.get(place);
  const fetches = (program.blobs === 'here' ? 0 : 1) + (input ? 1 : 0);
  return {
    job: run.job,
    index: run.firstIndex + place,
    attempt: run.attempt,
    program,
    payload,
    input,
    place: fetches === 0 ? 'queued' : 'fetching',
    fetches,
    slot: -1,
    receivedAtMs: now,
    chunks: 0,
    stale: false,
    ending: 'no',
  };
}

function startFetches(turn: Turn, held: Held): void {
  if (held.program.blobs === 'missing') {
    held.program.blobs = 'fetching';
    turn.effects.push({ type: 'fetch-program', program: held.program.spec });
  }
  if (held.input) turn.effects.push({ type: 'fetch-input', lease: held, blob: held.input });
}

export function programFetched(state: AgentState, turn: Turn, job: JobId): void {
  const program = state.programs.get(job);
  if (program?.blobs !== 'fetching') return;
  program.blobs = 'here';
  for (const held of program.held.values()) if (held.place === 'fetching') fetchEnded(state, turn, held);
}

export function programFailed(state: AgentState, turn: Turn, failed: { job: JobId; reason: string }): void {
  const program = state.programs.get(failed.job);
  if (program?.blobs !== 'fetching') return;
  program.blobs = 'missing';
  for (const held of program.held.values()) {
    if (held.place === 'fetching')
      endWithoutRecord(state, turn, { held, outcome: 'failed', kind: 'setup', reason: failed.reason });
  }
}

/** Programs that need the blob fetch it again with their next lease. */
export function blobEvicted(state: AgentState, sha256: string): void {
  for (const program of state.programs.values()) {
    if (program.blobs === 'here' && program.spec.blobs.some((blob) => blob.sha256 === sha256)) {
      program.blobs = 'missing';
    }
  }
}

export function inputFetched(state: AgentState, turn: Turn, lease: Lease): void {
  const held = findHeld(state, lease);
  if (held?.place === 'fetching') fetchEnded(state, turn, held);
}

export function inputFailed(state: AgentState, turn: Turn, failed: { lease: Lease; reason: string }): void {
  const held = findHeld(state, failed.lease);
  if (held?.place === 'fetching')
    endWithoutRecord(state, turn, { held, outcome: 'failed', kind: 'setup', reason: failed.reason });
}

function fetchEnded(state: AgentState, turn: Turn, held: Held): void {
  held.fetches -= 1;
  if (held.fetches > 0) return;
  if (isCoordinator(held.program.spec, held.index)) {
    placeCoordinator(state, turn, held);
    return;
  }
  setPlace(state, held, 'queued');
  append(queueOf(state, held.program.spec.owner), held);
}

/** Keeps the programs that nobody uses within their limits, the ones used last. */
export function forgetIdlePrograms(state: AgentState, turn: Turn): void {
  for (const [job, program] of state.idlePrograms) {
    if (state.idlePrograms.size <= MAX_IDLE_PROGRAMS && state.idleProgramBytes <= MAX_IDLE_PROGRAM_BYTES)
      return;
    state.idlePrograms.delete(job);
    state.idleProgramBytes -= program.spec.program.byteLength;
    state.programs.delete(job);
    turn.effects.push({ type: 'forget-program', job });
  }
}
