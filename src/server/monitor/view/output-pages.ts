import { DsageError } from '../../../model/errors.js';
import type { JobId, TaskIndex } from '../../../model/job.js';
import type { OutputPage } from '../../../model/monitor.js';
import type { OutputChunk } from '../../core/writes.js';
import type { OutputPlace, Store } from '../../store/store.js';

/** How much of an output one answer, or one message, holds. */
export const MOST_BYTES = 262_144;

/**
 * What tasks wrote, a page at a time. `after` is `index.attempt.chunk` of the last piece of the page before.
 */
export function outputPage(
  store: Store,
  job: JobId,
  { index, after }: { readonly index: TaskIndex | undefined; readonly after: string },
): OutputPage {
  const from = after === '' ? undefined : behind(after);
  const pieces = new Pieces();
  let next = after;
  const options = { ...(index === undefined ? {} : { index }), ...(from === undefined ? {} : { from }) };
  for (const chunk of store.output(job, options)) {
    if (pieces.bytes >= MOST_BYTES) return { pieces: pieces.list(), next, cut: true };
    pieces.add(chunk);
    next = [chunk.index, chunk.attempt, chunk.chunk].join('.');
  }
  return { pieces: pieces.list(), next, cut: false };
}

/** Joins what an attempt wrote before it is read as text, since a chunk may end within a character. */
class Pieces {
  readonly #pieces: { readonly index: number; readonly attempt: number; readonly data: Uint8Array[] }[] = [];
  bytes = 0;

  add({ index, attempt, data }: OutputChunk): void {
    this.bytes += data.length;
    const last = this.#pieces.at(-1);
    if (last?.index === index && last.attempt === attempt) last.data.push(data);
    else this.#pieces.push({ index, attempt, data: [data] });
  }

  list(): OutputPage['pieces'] {
    return this.#pieces.map(({ data, ...of }) => ({ ...of, text: Buffer.concat(data).toString('utf8') }));
  }
}

/** The end of what tasks wrote, oldest first, and whether there is more before it. */
export function outputTail(
  store: Store,
  job: JobId,
  index: TaskIndex | undefined,
): { readonly chunks: readonly OutputChunk[]; readonly cut: boolean } {
  const chunks: OutputChunk[] = [];
  let bytes = 0;
  for (const chunk of store.outputBackwards(job, index === undefined ? {} : { index })) {
    if (bytes + chunk.data.length > MOST_BYTES && chunks.length > 0)
      return { chunks: chunks.reverse(), cut: true };
    chunks.push(chunk);
    bytes += chunk.data.length;
  }
  return { chunks: chunks.reverse(), cut: false };
}

/** The place of the chunk that comes next. */
function behind(after: string): OutputPlace {
  const [index = NaN, attempt = NaN, chunk = NaN, ...more] = after.split('.').map(Number);
  if (more.length === 0 && [index, attempt, chunk].every((part) => Number.isSafeInteger(part) && part >= 0))
    return [index, attempt, chunk + 1];
  throw new DsageError('invalid-argument', `after=${after} is no place in an output.`, {
    hint: 'Use `next` of the page before.',
  });
}
