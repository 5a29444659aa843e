import type { Attachment, BlobRef, JobId, Limits, Payload } from '../../model/job.js';
import type { Failure, Lease, Outcome } from '../../model/task.js';
import type { WorkerNumber } from '../../model/worker.js';

/** No worker asks for more leases than this at once. */
export const MAX_CREDIT = 2048;
/** Programs without a lease that are kept, since the server sends a job's program once per stream. */
export const MAX_IDLE_PROGRAMS = 4096;
export const MAX_IDLE_PROGRAM_BYTES = 64 * 1024 * 1024;

/** What a job's tasks run, as the server sent it. */
export interface ProgramSpec {
  readonly job: JobId;
  readonly owner: string;
  readonly name: string;
  readonly kind: string;
  readonly evaluator: string;
  readonly limits: Limits;
  readonly program: Payload;
  readonly attachments: readonly Attachment[];
  /** The module that the program is in. */
  readonly bundle?: BlobRef | undefined;
  /** Blobs that must be on this machine before a task of the job can start: attachments, bundle, a large program. */
  readonly blobs: readonly BlobRef[];
  /** The job's first task is its coordinator, which runs beside the slots. */
  readonly detached: boolean;
}

export interface Program {
  readonly spec: ProgramSpec;
  /** Whether its blobs are here; a failed fetch goes back to `missing`, so that the next lease tries again. */
  blobs: 'missing' | 'fetching' | 'here';
  /** All leases of the job that this worker holds, by `leaseKey`. */
  readonly held: Map<number, Held>;
  /** How long one task occupies a slot, milliseconds; 0 is not measured yet. */
  meanMs: number;
}

/**
 * Where a lease is; it moves from left to right, and from `slot` back to `queued` when it is revoked.
 *
 *   fetching -> queued -> slot -> storing -> ended
 *
 * `fetching` waits for blobs, `storing` waits until its large answer is on the server, `ended` waits until the
 * server has committed the answer.
 */
export type Place = 'fetching' | 'queued' | 'slot' | 'storing' | 'ended';

/**
 * A lease that this worker holds. One flat object for all places, not a union: tens of thousands are made and
 * moved in a second, and objects of one shape are what the engine is quick with.
 */
export interface Held extends Lease {
  readonly program: Program;
  readonly payload: Payload;
  /** The input when it is too large to travel in the lease. */
  readonly input: BlobRef | undefined;
  place: Place;
  /** How many fetches it waits for: its program's, its input's. */
  fetches: number;
  /** The slot's number; -1 in every other place. */
  slot: number;
  readonly receivedAtMs: number;
  /** How many chunks of output were sent. */
  chunks: number;
  /** The server no longer counts on it: how it ends is told to nobody. */
  stale: boolean;
  /** Whether it was told to stop in its slot, and whether it then goes back as if it had never started. */
  ending: 'no' | 'killed' | 'returned';
}

/**
 * Leases of one owner that wait for a slot, in order of arrival. A lease that is killed or returned in the
 * middle only changes its `place`; it is skipped when it comes to the front, so that nothing is ever searched.
 */
export interface Queue {
  items: Held[];
  head: number;
}

export interface SlotState {
  readonly number: number;
  /** First the one that runs, then those that wait in the slot. */
  held: Held[];
  /** When the first of `held` started, as far as can be seen from here. */
  sinceMs: number;
  /** The lease of whose start the server knows. */
  told: Held | undefined;
  /** Whose code its child process ran: another owner's costs a new child. */
  owner: string | undefined;
}

/** How one lease ended. */
export interface End {
  readonly lease: Lease;
  readonly outcome: Outcome;
  /** The packed answer as the slot made it; without one the shell writes it from the other fields. */
  readonly record: Uint8Array | undefined;
  readonly kind: Failure['kind'];
  readonly reason: string;
}

export interface OutputChunk extends Lease {
  /** Counts an attempt's chunks from 0. */
  readonly chunk: number;
  readonly stderr: boolean;
  readonly data: Uint8Array;
}

/** What is repeated until the server has committed it. */
export type Outgoing =
  | { readonly type: 'answers'; readonly seq: number; readonly ends: readonly End[] }
  | { readonly type: 'output'; readonly seq: number; readonly chunks: readonly OutputChunk[] };

interface Draining {
  readonly reason: string;
  /** End the process once drained. */
  readonly stop: boolean;
}

export interface AgentState {
  readonly slots: readonly SlotState[];
  /** For coordinators of detached jobs, one in each; their numbers go on where those of `slots` end. */
  readonly coordinatorSlots: readonly SlotState[];
  /** How many leases are in them. */
  coordinating: number;
  connection: 'down' | 'registering' | 'up';
  connectedAtMs: number;
  /** The server's number for this worker; 0 before the first connection. */
  worker: WorkerNumber;
  renewMs: number;
  renewedAtMs: number;

  readonly programs: Map<JobId, Program>;
  /** Programs without a lease, the one that is idle longest first. */
  readonly idlePrograms: Map<JobId, Program>;
  idleProgramBytes: number;
  /** Leases that no slot has, by owner: a child process never runs two users' code. */
  readonly queues: Map<string, Queue>;
  /** How many leases are in each place. */
  readonly counts: Record<Place, number>;

  /** How far tasks in slots are, where they said so; entries of others are dropped with the next renewal. */
  readonly progress: Map<Held, number>;
  /** Those of them of which the server does not know yet. */
  readonly unsaid: Set<Held>;

  nextSeq: number;
  acknowledgedSeq: number;
  /** In `seq` order, without a gap. */
  unacknowledged: Outgoing[];
  /** Answers that wait a moment for others to go with them. */
  lingering: End[];
  lingeringSinceMs: number;

  /** How long one task occupies a slot, milliseconds, over all jobs; 0 is not measured yet. */
  meanMs: number;
  lastEndMs: number;
  /** What the server was told last. */
  announcedCredit: number;

  draining: Draining | undefined;
  /** While draining: the server has said on this stream that it sends no more leases. */
  noMoreLeases: boolean;
  /** The drain has ended and the shell has been told. */
  drained: boolean;
}

export function initialState(slotCount: number, coordinatorCount = 0): AgentState {
  return {
    slots: Array.from({ length: slotCount }, (_, number) => newSlot(number)),
    coordinatorSlots: Array.from({ length: coordinatorCount }, (_, place) => newSlot(slotCount + place)),
    coordinating: 0,
    connection: 'down',
    connectedAtMs: 0,
    worker: 0,
    renewMs: 0,
    renewedAtMs: 0,
    programs: new Map(),
    idlePrograms: new Map(),
    idleProgramBytes: 0,
    queues: new Map(),
    counts: { fetching: 0, queued: 0, slot: 0, storing: 0, ended: 0 },
    progress: new Map(),
    unsaid: new Set(),
    nextSeq: 1,
    acknowledgedSeq: 0,
    unacknowledged: [],
    lingering: [],
    lingeringSinceMs: 0,
    meanMs: 0,
    lastEndMs: 0,
    announcedCredit: 0,
    draining: undefined,
    noMoreLeases: false,
    drained: false,
  };
}

function newSlot(number: number): SlotState {
  return { number, held: [], sinceMs: 0, told: undefined, owner: undefined };
}

/** The slot of this number, of tasks or of a coordinator. */
export function slotOf(state: AgentState, number: number): SlotState | undefined {
  const { slots, coordinatorSlots } = state;
  return number < slots.length ? slots[number] : coordinatorSlots[number - slots.length];
}

/** The largest attempt number that `leaseKey` has room for. */
export const MAX_ATTEMPT = 2 ** 21 - 1;

/** One number for an attempt at a task of a job: 32 bits of index and 21 of attempt fit a double exactly. */
export function leaseKey(lease: Pick<Lease, 'index' | 'attempt'>): number {
  return lease.index * (MAX_ATTEMPT + 1) + lease.attempt;
}

export function findHeld(state: AgentState, lease: Lease): Held | undefined {
  return state.programs.get(lease.job)?.held.get(leaseKey(lease));
}

export function heldCount(state: AgentState): number {
  const { fetching, queued, slot, storing, ended } = state.counts;
  return fetching + queued + slot + storing + ended;
}

/** Whether there is nothing to do but to let coordinators wait. */
export function isIdle(state: AgentState): boolean {
  return heldCount(state) === state.coordinating;
}

/** Every lease that the worker holds, in no order. */
export function* allHeld(state: AgentState): Generator<Held> {
  for (const program of state.programs.values()) yield* program.held.values();
}

/** Keeps `counts` true; the caller moves the lease between the lists. */
export function setPlace(state: AgentState, held: Held, place: Place): void {
  state.counts[held.place] -= 1;
  state.counts[place] += 1;
  held.place = place;
}

/** The worker holds this lease no longer. */
export function dropHeld(state: AgentState, held: Held): void {
  const { program } = held;
  if (!program.held.delete(leaseKey(held))) return;
  state.counts[held.place] -= 1;
  if (program.held.size === 0) {
    state.idlePrograms.set(program.spec.job, program);
    state.idleProgramBytes += program.spec.program.byteLength;
  }
}
