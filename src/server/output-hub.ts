import type { JobId } from '../model/job.js';
import type { Send } from './core/effects.js';
import type { OutputChunk } from './core/writes.js';

type Listener = { readonly onChunks: (chunks: readonly OutputChunk[]) => void; readonly onEnd: () => void };

/** Passes output on, as it is committed, to those who follow a job. */
export class OutputHub {
  readonly #listeners = new Map<JobId, Set<Listener>>();

  deliver(send: Send): void {
    if (send.type === 'announce-output') this.#announce(send.chunks);
    else if (send.type === 'announce-job' && send.snapshot.endedAtMs > 0) {
      for (const { onEnd } of this.#listeners.get(send.job) ?? []) onEnd();
    }
  }

  /** Returns how to stop listening. */
  listen(job: JobId, listener: Listener): () => void {
    const listeners = this.#listeners.get(job) ?? new Set();
    this.#listeners.set(job, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(job) === listeners) this.#listeners.delete(job);
    };
  }

  #announce(chunks: readonly OutputChunk[]): void {
    if (this.#listeners.size === 0) return;
    for (const [job, listeners] of this.#listeners) {
      const own = chunks.filter((chunk) => chunk.job === job);
      if (own.length === 0) continue;
      for (const { onChunks } of listeners) onChunks(own);
    }
  }
}
