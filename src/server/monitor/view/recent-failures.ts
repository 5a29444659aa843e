import { type JobId, shownName } from '../../../model/job.js';
import type { FailureLine } from '../../../model/monitor.js';
import type { Store } from '../../store/store.js';

/** More than are shown, since each viewer sees the own ones only. */
const KEPT = 200;
const SHOWN = 10;

interface Entry {
  readonly job: JobId;
  readonly atMs: number;
  readonly reason: string;
  /** Read when somebody looks: thousands may fail in a second that nobody watches. Null for a job that is gone. */
  line: FailureLine | null | undefined;
}

/** The newest failed jobs since the start. */
export class RecentFailures {
  readonly #store: Store;
  readonly #entries: Entry[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  add(job: JobId, atMs: number, reason: string): void {
    this.#entries.push({ job, atMs, reason, line: undefined });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  /** Newest first; of one owner, or of all. */
  newest(owner: string | undefined): readonly FailureLine[] {
    const lines: FailureLine[] = [];
    for (let place = this.#entries.length - 1; place >= 0 && lines.length < SHOWN; place -= 1) {
      const entry = this.#entries[place];
      if (entry === undefined) continue;
      entry.line ??= this.#read(entry);
      if (entry.line !== null && (owner === undefined || entry.line.owner === owner)) lines.push(entry.line);
    }
    return lines;
  }

  forget(jobs: readonly JobId[]): void {
    const gone = new Set(jobs);
    for (const entry of this.#entries) if (gone.has(entry.job)) entry.line = null;
  }

  #read({ job, atMs, reason }: Entry): FailureLine | null {
    const record = this.#store.job(job);
    if (record === undefined) return null;
    const [message = ''] = reason.split('\n', 1);
    return { job, name: shownName(record.spec), owner: record.owner, atMs, message };
  }
}
