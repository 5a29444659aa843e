import type { JobId, TaskIndex } from '../../../model/job.js';
import type { OutputEvents } from '../../../model/monitor.js';
import { isFinal } from '../../../model/status.js';
import type { OutputChunk } from '../../core/writes.js';
import type { MonitorServices } from '../monitor-services.js';
import { MOST_BYTES, outputTail } from '../view/output-pages.js';
import type { EventStream } from './stream.js';
import { TextPieces } from './text-pieces.js';

/** Tasks write many small pieces: what comes within this time is one message. */
const GATHER_MS = 100;

/** What a chunk takes in memory beside its bytes. */
const CHUNK_BYTES = 64;

/**
 * A job's output for one viewer: first the end of what is stored, then what comes. Whoever connects again gets the end
 * anew. Of what comes faster than the viewer reads, or than anybody could, it gets the newest, and is told so: nothing
 * waits for it without bound.
 */
export class OutputStream {
  readonly #services: MonitorServices;
  readonly #stream: EventStream;
  readonly #job: JobId;
  readonly #index: TaskIndex | undefined;
  #texts = new TextPieces();
  #fresh: OutputChunk[] = [];
  #freshBytes = 0;
  /** More came since the last message than is kept. */
  #isCut = false;
  #hasBegun = false;
  #hasEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    services: MonitorServices,
    stream: EventStream,
    { job, index }: { readonly job: JobId; readonly index: TaskIndex | undefined },
  ) {
    this.#services = services;
    this.#stream = stream;
    this.#job = job;
    this.#index = index;
  }

  /** Ends with the stream, which it closes behind the end of the job. */
  start(): void {
    const stop = this.#services.outputs.listen(this.#job, {
      onChunks: (chunks) => {
        this.#add(chunks);
      },
      onEnd: () => {
        this.#hasEnded = true;
        this.#later();
      },
    });
    this.#stream.onClose(() => {
      stop();
      clearTimeout(this.#timer);
    });
    void this.#tell();
  }

  #add(chunks: readonly OutputChunk[]): void {
    // What comes before the snapshot is in it.
    if (!this.#hasBegun) return;
    for (const chunk of chunks) {
      if (this.#index !== undefined && chunk.index !== this.#index) continue;
      this.#fresh.push(chunk);
      this.#freshBytes += sizeOf(chunk);
    }
    this.#dropOldest();
    this.#later();
  }

  #dropOldest(): void {
    let count = 0;
    for (const chunk of this.#fresh) {
      if (this.#freshBytes <= MOST_BYTES) break;
      this.#freshBytes -= sizeOf(chunk);
      count += 1;
    }
    if (count === 0) return;
    this.#fresh.splice(0, count);
    this.#isCut = true;
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      void this.#tell();
    }, GATHER_MS);
  }

  async #tell(): Promise<void> {
    this.#timer = undefined;
    if (this.#stream.isBehind) {
      this.#later();
      return;
    }
    // Then what is stored is all that was announced until now.
    if (!this.#hasBegun) await this.#services.engine.settled();
    if (this.#stream.isClosed) return;
    if (this.#hasBegun) this.#sendFresh();
    else this.#sendSnapshot();
    if (this.#hasEnded) this.#end();
  }

  #sendSnapshot(): void {
    const { engine } = this.#services;
    const record = engine.state.jobs.get(this.#job) ?? engine.store.job(this.#job);
    this.#hasEnded ||= record === undefined || isFinal(record.state.status);
    const { chunks, cut } = outputTail(engine.store, this.#job, this.#index);
    this.#hasBegun = true;
    this.#send('snapshot', { pieces: this.#texts.take(chunks), cut });
  }

  #sendFresh(): void {
    const cut = this.#isCut;
    if (cut) this.#texts = new TextPieces();
    const pieces = this.#texts.take(this.#fresh);
    this.#fresh = [];
    this.#freshBytes = 0;
    this.#isCut = false;
    if (pieces.length > 0) this.#send('output', { pieces, cut });
  }

  #end(): void {
    const pieces = this.#texts.rest();
    if (pieces.length > 0) this.#send('output', { pieces, cut: false });
    this.#stream.write('event: end\ndata: {}\n\n');
    this.#stream.close();
  }

  #send<Name extends keyof OutputEvents>(event: Name, data: OutputEvents[Name]): void {
    this.#stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

function sizeOf({ data }: OutputChunk): number {
  return data.length + CHUNK_BYTES;
}
