import { DsageError } from '../../model/errors.js';
import { TARGET_BATCH_BYTES } from '../../model/protocol.js';
import { isFinal } from '../../model/status.js';
import type { Identity } from '../../model/user.js';
import { bufferOf } from '../../wire/convert.js';
import type {
  OutputChunk as Chunk,
  ReadOutputRequest,
  ReadOutputResponse,
} from '../../wire/gen/dsage/v1/client.js';
import type { OutputChunk } from '../core/writes.js';
import type { Services } from './services.js';

const CHUNKS_A_MESSAGE = 256;
/** A follower who is further behind than this is told to read again: it must not fill the server's memory. */
const MAX_BEHIND_BYTES = 8 * 1024 * 1024;

/** What a job's tasks wrote: the stored part first, then, for a follower, what comes until the job ends. */
export async function* readOutput(
  services: Services,
  request: ReadOutputRequest,
  caller: Identity,
  signal: AbortSignal,
): AsyncGenerator<ReadOutputResponse> {
  const { views, outputs, engine } = services;
  const { job, index, follow } = request;
  const view = views.requireJob(job, caller);
  // A task of a job that is not closed may still come.
  if (index !== undefined && (view.record.state.closed || !follow)) views.task(view, index);
  const fresh = new Fresh();
  let hasEnded = false;
  let wake: () => void = () => undefined;
  const stop = outputs.listen(job, {
    onChunks: (chunks) => {
      fresh.add(chunks);
      wake();
    },
    onEnd: () => {
      hasEnded = true;
      wake();
    },
  });
  signal.addEventListener('abort', () => {
    wake();
  });
  try {
    await engine.settled();
    hasEnded ||= isFinal(views.requireJob(job, caller).status);
    fresh.clear();
    const last = new Map<string, number>();
    for (const chunks of stored(services, request)) {
      for (const chunk of chunks) last.set(keyOf(chunk), chunk.chunk);
      yield { chunks: chunks.map(toMessage) };
    }
    while (follow && !signal.aborted) {
      const chunks = fresh.take();
      const wanted = chunks.filter(
        (it) => (index === undefined || it.index === index) && it.chunk > (last.get(keyOf(it)) ?? -1),
      );
      if (wanted.length > 0) yield { chunks: wanted.map(toMessage) };
      if (chunks.length > 0) continue;
      if (hasEnded) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
  }
}

/** What came while a follower was reading, as far as memory allows. */
class Fresh {
  #chunks: OutputChunk[] = [];
  #bytes = 0;
  #isLost = false;

  add(chunks: readonly OutputChunk[]): void {
    for (const { data } of chunks) this.#bytes += data.length;
    this.#isLost ||= this.#bytes > MAX_BEHIND_BYTES;
    if (this.#isLost) this.#chunks = [];
    else this.#chunks.push(...chunks);
  }

  /** Throws `limit-exceeded` when some were too many to keep. */
  take(): OutputChunk[] {
    if (this.#isLost) {
      throw new DsageError('limit-exceeded', 'The output comes faster than it is read.', {
        hint: 'Read it again: it is stored.',
      });
    }
    let bytes = 0;
    let count = 0;
    for (const { data } of this.#chunks) {
      if (count === CHUNKS_A_MESSAGE || bytes >= TARGET_BATCH_BYTES) break;
      bytes += data.length;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#chunks.splice(0, count);
  }

  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#isLost = false;
  }
}

function* stored(services: Services, { job, index, tailBytes }: ReadOutputRequest): Iterable<OutputChunk[]> {
  const chunks = services.engine.store.output(job, index === undefined ? {} : { index });
  let batch: OutputChunk[] = [];
  let bytes = 0;
  for (const chunk of tailBytes > 0 ? tail(chunks, tailBytes) : chunks) {
    batch.push(chunk);
    bytes += chunk.data.length;
    if (batch.length < CHUNKS_A_MESSAGE && bytes < TARGET_BATCH_BYTES) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** The last bytes of each attempt. */
function* tail(chunks: Iterable<OutputChunk>, bytes: number): Iterable<OutputChunk> {
  let kept: OutputChunk[] = [];
  let size = 0;
  for (const chunk of chunks) {
    const [first] = kept;
    if (first !== undefined && keyOf(first) !== keyOf(chunk)) {
      yield* kept;
      [kept, size] = [[], 0];
    }
    kept.push(chunk);
    size += chunk.data.length;
    for (let oldest = kept[0]; oldest !== undefined && size - oldest.data.length >= bytes; oldest = kept[0]) {
      size -= oldest.data.length;
      kept.shift();
    }
  }
  yield* kept;
}

function keyOf({ index, attempt }: OutputChunk): string {
  return `${String(index)}/${String(attempt)}`;
}

function toMessage(chunk: OutputChunk): Chunk {
  return { ...chunk, data: bufferOf(chunk.data) };
}
