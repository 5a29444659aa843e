/**
 * What the LMDB store keeps in memory: little, and nothing that grows with the number of tasks.
 *
 * Several commits may be under way while LMDB shows none of them yet. What a later write must know of an
 * earlier one is kept here until the commit has resolved.
 */
import type { JobId } from '../../../model/job.js';
import type { StoreNumbers } from '../store.js';
import { EVERYTHING, isWholeJob, numberKey, readNumber } from './keys.js';
import { readValue, scanEntries, scanKeys } from './scan.js';
import { readText, type Tables } from './tables.js';
import { decode, FIRST_RUN, type JobHead, type Run, unpackRun } from './values.js';

/** More are met again at the next look. */
const MOST_OUTDATED = 1000;

export const NUMBER_NAMES = ['lastJob', 'lastGrant', 'lastWorker'] as const;

/** What one commit changes of the ledger. */
export interface Changes {
  readonly numbers: Readonly<Record<(typeof NUMBER_NAMES)[number], number>>;
  /** Jobs that it puts. */
  readonly heads: ReadonlyMap<JobId, JobHead>;
  /** Runs that it begins or marks; undefined for a job that it forgets. */
  readonly runs: ReadonlyMap<JobId, Run | undefined>;
  readonly forgotten: ReadonlySet<JobId>;
}

export class Ledger {
  readonly #tables: Tables;
  #numbers: StoreNumbers;
  /** Jobs whose put is under way. */
  readonly #heads = new Map<JobId, JobHead>();
  /** Runs of jobs that ever ran again, as the last commit leaves them and as readers may see them. */
  readonly #runs = new Map<JobId, Run>();
  readonly #visibleRuns: Map<JobId, Run>;
  /** Jobs whose tasks and answers wait for the sweep. */
  readonly #forgotten = new Set<JobId>();
  readonly #outdated: Buffer[] = [];

  constructor(tables: Tables) {
    this.#tables = tables;
    const number = (name: string): number => Number(readText(tables.meta, name) ?? 0);
    this.#numbers = {
      lastJob: number('lastJob'),
      lastGrant: number('lastGrant'),
      lastWorker: number('lastWorker'),
    };
    for (const { key, value } of scanEntries(tables.runs, EVERYTHING)) {
      this.#runs.set(readNumber(key), unpackRun(value));
    }
    this.#visibleRuns = new Map(this.#runs);
    for (const key of scanKeys(tables.garbage, EVERYTHING)) {
      if (isWholeJob(key)) this.#forgotten.add(readNumber(key));
    }
  }

  get numbers(): StoreNumbers {
    return this.#numbers;
  }

  /** A job as the last commit leaves it. */
  head(job: JobId): JobHead | undefined {
    const underWay = this.#heads.get(job);
    if (underWay !== undefined) return underWay;
    const value = readValue(this.#tables.jobs, numberKey(job));
    return value === undefined ? undefined : (decode(value) as JobHead);
  }

  /** The run that the next write belongs to. */
  run(job: JobId): Run {
    return this.#runs.get(job) ?? FIRST_RUN;
  }

  /** The run that readers look at. */
  visibleRun(job: JobId): Run {
    return this.#visibleRuns.get(job) ?? FIRST_RUN;
  }

  isForgotten(job: JobId): boolean {
    return this.#forgotten.has(job);
  }

  /** A commit sets out: later writes stand on it. */
  begin(changes: Changes): void {
    const { numbers } = changes;
    this.#numbers = {
      lastJob: Math.max(this.#numbers.lastJob, numbers.lastJob),
      lastGrant: Math.max(this.#numbers.lastGrant, numbers.lastGrant),
      lastWorker: Math.max(this.#numbers.lastWorker, numbers.lastWorker),
    };
    for (const [job, head] of changes.heads) this.#heads.set(job, head);
    setRuns(this.#runs, changes.runs);
  }

  /** A commit is on disk: readers see it. */
  publish(changes: Changes): void {
    for (const [job, head] of changes.heads) {
      // A later commit may have put it again.
      if (this.#heads.get(job) === head) this.#heads.delete(job);
    }
    setRuns(this.#visibleRuns, changes.runs);
    for (const job of changes.forgotten) this.#forgotten.add(job);
  }

  /**
   * An entry of `final` was met whose job has been forgotten; the sweep removes it. One of a job that runs again stays:
   * it would apply again if that ended in the same millisecond.
   */
  noteOutdated(key: Buffer): void {
    if (this.#outdated.length < MOST_OUTDATED) this.#outdated.push(key);
  }

  takeOutdated(): readonly Buffer[] {
    return this.#outdated.splice(0);
  }

  /** Nothing is left of a forgotten job. */
  swept(job: JobId): void {
    this.#forgotten.delete(job);
  }
}

function setRuns(runs: Map<JobId, Run>, changed: ReadonlyMap<JobId, Run | undefined>): void {
  for (const [job, run] of changed) {
    if (run === undefined) runs.delete(job);
    else runs.set(job, run);
  }
}
