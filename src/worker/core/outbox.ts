import { dropHeld, findHeld, type AgentState, type End, type Outgoing, type OutputChunk } from './state.js';
import type { Turn } from './turn.js';
import { TARGET_BATCH_BYTES } from '../../model/protocol.js';

/** What an answer without a record, or the fields around a chunk, take on the wire, about. */
const SMALL_BYTES = 48;
const MAX_CHUNK_BYTES = 64 * 1024;

/** Cuts what a step gathered into messages: output first, since an answer comes after its task's output. */
export function flush(state: AgentState, turn: Turn): void {
  if (turn.chunks.length > 0) {
    const batches = cut(turn.chunks, (chunk) => chunk.data.byteLength + SMALL_BYTES);
    for (const chunks of batches) post(state, turn, { type: 'output', seq: state.nextSeq, chunks });
  }
  if (turn.ends.length > 0) {
    const batches = cut(turn.ends, (end) => end.record?.byteLength ?? SMALL_BYTES);
    for (const ends of batches) post(state, turn, { type: 'answers', seq: state.nextSeq, ends });
  }
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
