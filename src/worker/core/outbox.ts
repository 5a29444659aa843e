import { dropHeld, findHeld, type AgentState, type End, type Outgoing, type OutputChunk } from './state.js';
import type { Turn } from './turn.js';
import { TARGET_BATCH_BYTES } from '../../model/protocol.js';

/** What an answer without a record, or the fields around a chunk, take on the wire, about. */
const SMALL_BYTES = 48;
const MAX_CHUNK_BYTES = 64 * 1024;

/**
 * How long the answer of a short task may wait for others to go with it. On a machine whose cores all compute, each
 * message takes the time of a tenth of a millisecond from a task, here, on the server and in the client.
 */
const MIN_LINGER_MS = 5;
const MAX_LINGER_MS = 25;
/** So many tasks of a slot may go together before the longest wait is over. */
const LINGER_TASKS = 2.5;
/** Beyond this a task is long: its answer goes at once, and so does the first of a kind that was not measured. */
const SHORT_MS = 20;
const MAX_LINGERING = 256;

/** Cuts what a step gathered into messages: output first, since an answer comes after its task's output. */
export function flush(state: AgentState, turn: Turn): void {
  if (turn.chunks.length > 0) {
    const batches = cut(turn.chunks, (chunk) => chunk.data.byteLength + SMALL_BYTES);
    for (const chunks of batches) post(state, turn, { type: 'output', seq: state.nextSeq, chunks });
  }
  if (turn.ends.length > 0) {
    if (state.lingering.length === 0) state.lingeringSinceMs = turn.now;
    state.lingering.push(...turn.ends);
  }
  if (state.lingering.length === 0 || mayLinger(state, turn)) return;
  const batches = cut(state.lingering, (end) => end.record?.byteLength ?? SMALL_BYTES);
  state.lingering = [];
  for (const ends of batches) post(state, turn, { type: 'answers', seq: state.nextSeq, ends });
}

/** When answers must go that wait for others, on the clock of `now`; Infinity for not at all. */
export function nextLingerWake(state: AgentState): number {
  return state.lingering.length === 0 ? Infinity : state.lingeringSinceMs + lingerMs(state);
}

function lingerMs(state: AgentState): number {
  return Math.min(MAX_LINGER_MS, Math.max(MIN_LINGER_MS, state.meanMs * LINGER_TASKS));
}

/**
 * Only while nobody could do anything with the answers: all slots have work behind the task that they run, which in
 * a worker that drains none has.
 */
function mayLinger(state: AgentState, { now, ends }: Turn): boolean {
  return (
    state.connection === 'up' &&
    state.meanMs > 0 &&
    state.meanMs <= SHORT_MS &&
    now - state.lingeringSinceMs < lingerMs(state) &&
    state.lingering.length < MAX_LINGERING &&
    ends.every(({ record, outcome }) => record !== undefined && outcome === 'completed') &&
    state.slots.every(({ held }) => held.length > 1)
  );
}

function post(state: AgentState, turn: Turn, message: Outgoing): void {
  state.nextSeq = message.seq + 1;
  state.unacknowledged.push(message);
  if (state.connection === 'up') turn.effects.push({ type: 'send', message });
}

/** Everything that the server has not acknowledged, again and in order. */
export function sendAgain(state: AgentState, turn: Turn): void {
  for (const message of state.unacknowledged) turn.effects.push({ type: 'send', message });
}

/** The server has committed all messages up to `seq`: their leases are held no longer. */
export function acknowledge(state: AgentState, seq: number): void {
  let count = 0;
  for (const message of state.unacknowledged) {
    if (message.seq > seq) break;
    count += 1;
    if (message.type === 'answers') forgetEnds(state, message.ends);
  }
  if (count === 0) return;
  state.acknowledgedSeq = state.unacknowledged[count - 1]?.seq ?? state.acknowledgedSeq;
  state.unacknowledged.splice(0, count);
}

function forgetEnds(state: AgentState, ends: readonly End[]): void {
  for (const end of ends) {
    const held = findHeld(state, end.lease);
    if (held) dropHeld(state, held);
  }
}

/** Adds output to the step, joined to the chunk before it when that is of the same stream and small. */
export function addOutput(turn: Turn, chunk: OutputChunk): boolean {
  const last = turn.chunks.at(-1);
  const joins =
    last?.index === chunk.index &&
    last.job === chunk.job &&
    last.attempt === chunk.attempt &&
    last.stderr === chunk.stderr &&
    last.data.byteLength + chunk.data.byteLength <= MAX_CHUNK_BYTES;
  if (!joins) {
    turn.chunks.push(chunk);
    return true;
  }
  const data = new Uint8Array(last.data.byteLength + chunk.data.byteLength);
  data.set(last.data);
  data.set(chunk.data, last.data.byteLength);
  turn.chunks[turn.chunks.length - 1] = { ...last, data };
  return false;
}

function cut<T>(items: readonly T[], sizeOf: (item: T) => number): T[][] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let size = 0;
  for (const item of items) {
    const bytes = sizeOf(item);
    if (batch.length > 0 && size + bytes > TARGET_BATCH_BYTES) {
      batches.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(item);
    size += bytes;
  }
  batches.push(batch);
  return batches;
}
