import type { JobId } from '../../../model/job.js';
import { isFinal, JOB_STATUSES, type JobStatus } from '../../../model/status.js';

const PAGE = 1_024;
/** A cell is `owner * STATUS_ROOM + status`, where status counts from 1: 0 is no such job. */
const STATUS_ROOM = 8;

/** Which jobs to walk over. */
export interface Walk {
  readonly newestFirst: boolean;
  /** Inclusive; undefined is from the first on. */
  readonly from: JobId | undefined;
  /** All of them when empty. */
  readonly statuses: readonly JobStatus[];
  /** Undefined is everybody's. */
  readonly owner: string | undefined;
}

/**
 * Owner and status of every job, four bytes each: what is counted and filtered by needs no look at the store.
 * Saying the same thing twice changes nothing, so that what is told and what is read may come in any order.
 */
export class JobTable {
  readonly #pages = new Map<number, Uint32Array>();
  readonly #owners: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** By owner, then by status. */
  readonly #byOwner: Record<JobStatus, number>[] = [];
  readonly #counts = noJobs();

  get counts(): Readonly<Record<JobStatus, number>> {
    return this.#counts;
  }

  /** Of one owner, or of all. */
  unfinished(owner: string | undefined): number {
    const number = owner === undefined ? undefined : this.#numbers.get(owner);
    const counts =
      owner === undefined ? this.#counts : number === undefined ? noJobs() : this.#byOwner[number];
    return counts === undefined ? 0 : counts.waiting + counts.processing + counts.paused;
  }

  status(id: JobId): JobStatus | undefined {
    return JOB_STATUSES[(this.#cell(id) % STATUS_ROOM) - 1];
  }

  owner(id: JobId): string | undefined {
    const cell = this.#cell(id);
    return cell === 0 ? undefined : this.#owners[Math.floor(cell / STATUS_ROOM)];
  }

  set(id: JobId, owner: string, status: JobStatus): void {
    this.#count(this.#cell(id), -1);
    const page = Math.floor(id / PAGE);
    let cells = this.#pages.get(page);
    if (cells === undefined) this.#pages.set(page, (cells = new Uint32Array(PAGE)));
    const cell = this.#ownerNumber(owner) * STATUS_ROOM + JOB_STATUSES.indexOf(status) + 1;
    cells[id % PAGE] = cell;
    this.#count(cell, 1);
  }

  delete(id: JobId): void {
    const cells = this.#pages.get(Math.floor(id / PAGE));
    if (cells === undefined) return;
    this.#count(this.#cell(id), -1);
    cells[id % PAGE] = 0;
  }

  /** Numbers of jobs in order; one that does not fit costs a few nanoseconds. */
  *walk({ newestFirst, from, statuses, owner }: Walk): Generator<JobId> {
    const number = owner === undefined ? undefined : this.#numbers.get(owner);
    if (owner !== undefined && number === undefined) return;
    const wanted = JOB_STATUSES.map((status) => statuses.length === 0 || statuses.includes(status));
    const first = from === undefined ? undefined : Math.floor(from / PAGE);
    const pages = [...this.#pages.keys()]
      .filter((page) => first === undefined || (newestFirst ? page <= first : page >= first))
      .sort((a, b) => (newestFirst ? b - a : a - b));
    for (const page of pages) {
      const cells = this.#pages.get(page);
      if (cells === undefined) continue;
      for (let step = 0; step < PAGE; step += 1) {
        const place = newestFirst ? PAGE - 1 - step : step;
        const cell = cells[place] ?? 0;
        if (cell === 0 || wanted[(cell % STATUS_ROOM) - 1] !== true) continue;
        if (number !== undefined && Math.floor(cell / STATUS_ROOM) !== number) continue;
        const id = page * PAGE + place;
        if (from !== undefined && (newestFirst ? id > from : id < from)) continue;
        yield id;
      }
    }
  }

  #cell(id: JobId): number {
    return this.#pages.get(Math.floor(id / PAGE))?.[id % PAGE] ?? 0;
  }

  #count(cell: number, by: 1 | -1): void {
    const status = JOB_STATUSES[(cell % STATUS_ROOM) - 1];
    if (status === undefined) return;
    this.#counts[status] += by;
    const own = this.#byOwner[Math.floor(cell / STATUS_ROOM)];
    if (own !== undefined) own[status] += by;
  }

  #ownerNumber(owner: string): number {
    const known = this.#numbers.get(owner);
    if (known !== undefined) return known;
    const number = this.#owners.push(owner) - 1;
    this.#numbers.set(owner, number);
    this.#byOwner.push(noJobs());
    return number;
  }
}

/** Statuses that a job has until it ends. */
export const UNFINISHED: readonly JobStatus[] = JOB_STATUSES.filter((status) => !isFinal(status));
export const ENDED: readonly JobStatus[] = JOB_STATUSES.filter((status) => isFinal(status));

function noJobs(): Record<JobStatus, number> {
  return { waiting: 0, processing: 0, completed: 0, failed: 0, killed: 0, paused: 0 };
}
