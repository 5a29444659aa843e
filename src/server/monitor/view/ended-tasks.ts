import type { JobId } from '../../../model/job.js';
import type { TimelineBar } from '../../../model/monitor.js';
import type { AnswerMeta } from '../../../model/task.js';
import type { WorkerNumber } from '../../../model/worker.js';
import { readAnswerRecord } from '../../../wire/packed.js';

const KEPT = 500;
/** Reading an answer costs half a microsecond: at 50,000 a second nobody could tell the bars apart anyway. */
const READ_A_SECOND = 5_000;

/** The tasks that ended last on each worker. */
export class EndedTasks {
  readonly #byWorker = new Map<WorkerNumber, TimelineBar[]>();
  #room = READ_A_SECOND;

  note(job: JobId, records: readonly Uint8Array[]): void {
    const count = Math.min(records.length, this.#room, KEPT);
    this.#room -= count;
    for (const record of count === records.length ? records : records.slice(records.length - count)) {
      const bar = barOf(job, readAnswerRecord(record));
      const bars = this.#byWorker.get(bar.worker) ?? [];
      this.#byWorker.set(bar.worker, bars);
      bars.push(bar);
      // Cut in large pieces: each cut moves all that stays.
      if (bars.length >= 2 * KEPT) bars.splice(0, bars.length - KEPT);
    }
  }

  /** Called every second, with the workers that are known: the others' tasks are dropped. */
  tick(workers: { has(worker: WorkerNumber): boolean }): void {
    this.#room = READ_A_SECOND;
    for (const worker of this.#byWorker.keys()) if (!workers.has(worker)) this.#byWorker.delete(worker);
  }

  /** Oldest first. */
  of(worker: WorkerNumber): readonly TimelineBar[] {
    return this.#byWorker.get(worker)?.slice(-KEPT) ?? [];
  }
}

export function barOf(job: JobId, meta: AnswerMeta): TimelineBar {
  const { index, attempt, worker, startedAtMs, wallUs, outcome } = meta;
  return {
    ...{ job, index, attempt, worker, startedAtMs },
    endedAtMs: startedAtMs + Math.max(1, Math.round(wallUs / 1_000)),
    status: outcome === 'returned' ? 'waiting' : outcome,
  };
}
