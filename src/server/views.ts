import { DsageError } from '../model/errors.js';
import type { JobId, JobRecord, TaskIndex } from '../model/job.js';
import { isFinal, type JobStatus, type TaskStatus } from '../model/status.js';
import type { AnswerMeta } from '../model/task.js';
import type { Identity } from '../model/user.js';
import { readAnswerRecord } from '../wire/packed.js';
import { type LiveJob, type State, statusOf } from './core/state.js';
import type { Store, TaskEnd } from './store/store.js';

const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;
/** A call looks at no more than this; the page's token goes on from there. */
const MAX_SCAN = 50_000;

export interface JobView {
  readonly record: JobRecord;
  readonly status: JobStatus;
  /** Tasks leased now. */
  readonly processing: number;
  /** What it says of itself while it runs; empty where it says nothing. */
  readonly note: string;
  /** How far it says that it is, from 0 to 1; below 0 where it says nothing. */
  readonly fraction: number;
}

export interface JobFilter {
  readonly statuses: readonly JobStatus[];
  /** Undefined is everybody's. */
  readonly owner: string | undefined;
  readonly nameContains: string;
  readonly kind: string;
  readonly oldestFirst: boolean;
  readonly pageSize: number;
  /** Where the page begins; undefined is the beginning. */
  readonly from: JobId | undefined;
}

export interface TaskView {
  readonly index: TaskIndex;
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly worker: number;
  readonly meta: AnswerMeta | undefined;
  /** How far it is while it runs, from 0 to 1, where it says so. */
  readonly progress: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: number | undefined;
}

/** Reads for people and programs: the store's records with what is under way laid over them. Changes nothing. */
export class Views {
  readonly #state: State;
  readonly #store: Store;

  constructor(state: State, store: Store) {
    this.#state = state;
    this.#store = store;
  }

  /** Throws `not-found` for a job that is not there and `permission-denied` for another user's. */
  requireJob(id: JobId, caller: Identity): JobView {
    const record = this.#state.jobs.get(id) ?? (Number.isSafeInteger(id) ? this.#store.job(id) : undefined);
    if (record === undefined) {
      throw new DsageError('not-found', `There is no job ${String(id)}.`, {
        hint: 'List yours with: dsage jobs',
      });
    }
    const isOther = caller.onlyJob !== undefined && caller.onlyJob !== id;
    if (isOther || (record.owner !== caller.name && caller.role !== 'admin')) {
      throw new DsageError(
        'permission-denied',
        isOther ? `Job ${String(id)} is not this coordinator's.` : `Job ${String(id)} is another user's.`,
        {
          hint: 'Only its owner and admins may see or touch it.',
        },
      );
    }
    return this.#view(record);
  }

  jobs(filter: JobFilter): Page<JobView> {
    const size = pageSize(filter.pageSize);
    const items: JobView[] = [];
    let scanned = 0;
    const options = {
      newestFirst: !filter.oldestFirst,
      ...(filter.from === undefined ? {} : { from: filter.from }),
    };
    for (const record of this.#store.jobs(options)) {
      if (items.length === size || scanned === MAX_SCAN) return { items, next: record.id };
      scanned += 1;
      if (filter.owner !== undefined && record.owner !== filter.owner) continue;
      if (filter.kind !== '' && record.spec.kind !== filter.kind) continue;
      if (filter.nameContains !== '' && !record.spec.name.includes(filter.nameContains)) continue;
      const view = this.#view(record);
      if (filter.statuses.length === 0 || filter.statuses.includes(view.status)) items.push(view);
    }
    return { items, next: undefined };
  }

  /** Unfinished jobs of one user, oldest first. */
  unfinished(owner: string | undefined): readonly JobId[] {
    const own = [...this.#state.jobs.values()].filter((job) => owner === undefined || job.owner === owner);
    return own.filter((job) => !isFinal(job.state.status)).map((job) => job.id);
  }

  *finished(owner: string): Iterable<JobId> {
    for (const record of this.#store.jobs({ newestFirst: false })) {
      if (record.owner === owner && isFinal(this.#view(record).status)) yield record.id;
    }
  }

  tasks(
    view: JobView,
    options: { statuses: readonly TaskStatus[]; pageSize: number; from: TaskIndex },
  ): Page<TaskView> {
    const { record } = view;
    const size = pageSize(options.pageSize);
    const items: TaskView[] = [];
    const ends = this.#store.ends(record.id, options.from)[Symbol.iterator]();
    let end = ends.next();
    const last = Math.min(record.state.taskCount, options.from + MAX_SCAN);
    for (let index = options.from; index < last; index += 1) {
      if (items.length === size) return { items, next: index };
      while (end.done !== true && end.value.index < index) end = ends.next();
      const own = end.done !== true && end.value.index === index ? end.value : undefined;
      // Whether it fits is known without its answer.
      if (own !== undefined && options.statuses.length > 0 && !options.statuses.includes(own.status))
        continue;
      const task = this.#task(view, index, own);
      if (options.statuses.length === 0 || options.statuses.includes(task.status)) items.push(task);
    }
    return { items, next: last < record.state.taskCount ? last : undefined };
  }

  /** Throws `not-found` for an index that the job does not have. */
  task(view: JobView, index: TaskIndex): TaskView {
    this.requireIndex(view, index);
    return this.#task(view, index, this.#store.end(view.record.id, index));
  }

  /** Throws `not-found` for an index that the job does not have. */
  requireIndex({ record: { id, state } }: JobView, index: TaskIndex): void {
    if (index >= state.taskCount) {
      throw new DsageError(
        'not-found',
        `Job ${String(id)} has no task ${String(index)}: it has ${String(state.taskCount)}, from 0 on.`,
        { hint: `List them with: dsage job ${String(id)} --tasks` },
      );
    }
  }

  #task(view: JobView, index: TaskIndex, end: TaskEnd | undefined): TaskView {
    const { record } = view;
    if (end !== undefined) {
      const bytes = this.#store.answer(record.id, end.ordinal);
      const meta = bytes === undefined ? undefined : readAnswerRecord(bytes);
      return { index, status: end.status, attempt: end.attempt, worker: end.worker, meta, progress: 0 };
    }
    const live = this.#state.jobs.get(record.id);
    const holding = live?.leases.get(index);
    if (holding !== undefined) {
      return {
        index,
        status: 'processing',
        attempt: holding.attempt,
        worker: holding.grant.worker,
        meta: undefined,
        progress: live?.progress.get(index) ?? 0,
      };
    }
    // A job that was stopped keeps no record of tasks that had not begun.
    const status = isFinal(view.status) ? 'killed' : 'waiting';
    return { index, status, attempt: 0, worker: 0, meta: undefined, progress: 0 };
  }

  #view(record: JobRecord | LiveJob): JobView {
    const live = this.#state.jobs.get(record.id);
    if (live === undefined) {
      return { record, status: record.state.status, processing: 0, note: '', fraction: -1 };
    }
    const { note, fraction } = live;
    return { record: live, status: statusOf(live), processing: live.leases.size, note, fraction };
  }
}

function pageSize(wanted: number): number {
  return wanted === 0 ? DEFAULT_PAGE : Math.min(wanted, MAX_PAGE);
}
