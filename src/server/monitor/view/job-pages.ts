import { setTimeout as pause } from 'node:timers/promises';

import { DsageError } from '../../../model/errors.js';
import type { JobId, JobRecord } from '../../../model/job.js';
import type { JobPage, JobSort, JobSummary } from '../../../model/monitor.js';
import type { JobStatus } from '../../../model/status.js';
import type { LiveJob } from '../../core/state.js';
import type { MonitorServices } from '../monitor-services.js';
import { ENDED, UNFINISHED, type Walk } from './job-table.js';

/** A call reads no more jobs than this; `next` goes on from there. */
const MAX_SCAN = 50_000;
/** All sorts but by number are over so many. */
const MAX_SORTED = 2_000;
/** Others get their turn after each. */
const SLICE_MS = 5;

export interface JobQuery {
  readonly statuses: readonly JobStatus[];
  /** Undefined is everybody's. */
  readonly owner: string | undefined;
  readonly kind: string;
  /** Part of the name or the summary, whatever the case; or a number. */
  readonly text: string;
  /** Submitted from then on, and before; 0 is any time. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly sort: JobSort;
  readonly from: string;
  readonly limit: number;
}

type AnyJob = JobRecord | LiveJob;
type Scan = Omit<Walk, 'owner'> & { readonly limit: number };

/** The jobs table, page by page. */
export class JobPages {
  readonly #services: MonitorServices;

  constructor(services: MonitorServices) {
    this.#services = services;
  }

  async page(query: JobQuery): Promise<JobPage> {
    const { live } = this.#services;
    const { sort, statuses, limit } = query;
    if (sort !== 'newest' && sort !== 'oldest') return this.#sorted(query);
    const newestFirst = sort === 'newest';
    const from = query.from === '' ? this.#begin(query) : tokenOf(query.from);
    if (from === undefined && query.from === '' && isTimed(query, newestFirst))
      return { jobs: [], next: null };
    const { jobs, next } = await this.#scan(query, { newestFirst, from, statuses, limit });
    return { jobs: jobs.map((job) => live.summary(job)), next: next === undefined ? null : String(next) };
  }

  async #sorted(query: JobQuery): Promise<JobPage> {
    const { live } = this.#services;
    const found: AnyJob[] = [];
    const from = this.#begin({ ...query, sort: 'newest' });
    const isEmpty = from === undefined && isTimed(query, true);
    for (const some of [UNFINISHED, ENDED]) {
      const statuses = query.statuses.length === 0 ? some : some.filter((it) => query.statuses.includes(it));
      if (isEmpty || statuses.length === 0 || found.length >= MAX_SORTED) continue;
      const limit = MAX_SORTED - found.length;
      found.push(...(await this.#scan(query, { newestFirst: true, from, statuses, limit })).jobs);
    }
    const first = query.from === '' ? 0 : tokenOf(query.from);
    const jobs = found.map((job) => live.summary(job)).sort(orderOf(query.sort, this.#services.now()));
    const next = first + query.limit;
    return { jobs: jobs.slice(first, next), next: next < jobs.length ? String(next) : null };
  }

  /** Jobs that fit, in order, and where to go on. Reads a few milliseconds at a time. */
  async #scan(
    query: JobQuery,
    { limit, ...walk }: Scan,
  ): Promise<{ readonly jobs: readonly AnyJob[]; readonly next: JobId | undefined }> {
    const jobs: AnyJob[] = [];
    let scanned = 0;
    let sliceAt = performance.now();
    for (const job of this.#candidates({ ...walk, owner: query.owner })) {
      if (isBehind(job, query, walk.newestFirst)) break;
      if (jobs.length === limit || scanned === MAX_SCAN) return { jobs, next: job.id };
      scanned += 1;
      if (fits(job, query)) jobs.push(job);
      if (performance.now() - sliceAt < SLICE_MS) continue;
      await pause(1);
      sliceAt = performance.now();
    }
    return { jobs, next: undefined };
  }

  /** By the table, once it has all jobs; until then as the store has them. */
  *#candidates(walk: Walk): Generator<AnyJob> {
    const { live, engine } = this.#services;
    if (live.isCounted) {
      for (const id of live.table.walk(walk)) {
        const job = engine.state.jobs.get(id) ?? engine.store.job(id);
        if (job !== undefined) yield job;
      }
      return;
    }
    const { newestFirst, from, statuses, owner } = walk;
    for (const record of engine.store.jobs({ newestFirst, ...(from === undefined ? {} : { from }) })) {
      if (owner !== undefined && record.owner !== owner) continue;
      const status = live.table.status(record.id) ?? record.state.status;
      if (statuses.length > 0 && !statuses.includes(status)) continue;
      yield engine.state.jobs.get(record.id) ?? record;
    }
  }

  /** Where the first page begins: numbers are given in the order of time, so that a time is found by halving. */
  #begin({ sort, sinceMs, untilMs }: JobQuery): JobId | undefined {
    if (sort === 'oldest') return sinceMs === 0 ? undefined : this.#firstSince(sinceMs);
    if (untilMs === 0) return undefined;
    const { state } = this.#services.engine;
    const behind = this.#firstSince(untilMs) ?? state.lastJob + 1;
    return behind > 1 ? behind - 1 : undefined;
  }

  /** The first job that was submitted at this time or later. */
  #firstSince(timeMs: number): JobId | undefined {
    let [low, high] = [1, this.#services.engine.state.lastJob + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const job = this.#atOrBehind(middle);
      if (job === undefined || job.state.createdAtMs >= timeMs) high = middle;
      else low = job.id + 1;
    }
    return this.#atOrBehind(low)?.id;
  }

  #atOrBehind(id: JobId): JobRecord | undefined {
    for (const record of this.#services.engine.store.jobs({ newestFirst: false, from: id })) return record;
    return undefined;
  }
}

/** No job is old or new enough to begin with, unless no time was asked for. */
function isTimed({ sinceMs, untilMs }: JobQuery, newestFirst: boolean): boolean {
  return newestFirst ? untilMs !== 0 : sinceMs !== 0;
}

/** Whether neither this job nor those after it are of the time that was asked for. */
function isBehind({ state }: AnyJob, { sinceMs, untilMs }: JobQuery, newestFirst: boolean): boolean {
  return newestFirst ? state.createdAtMs < sinceMs : untilMs !== 0 && state.createdAtMs >= untilMs;
}

function fits({ id, spec, state }: AnyJob, { kind, text, sinceMs, untilMs }: JobQuery): boolean {
  if (kind !== '' && spec.kind !== kind) return false;
  if (state.createdAtMs < sinceMs || (untilMs !== 0 && state.createdAtMs >= untilMs)) return false;
  if (text === '') return true;
  const wanted = text.toLowerCase();
  if (String(id) === wanted.replace(/^#/, '')) return true;
  return spec.name.toLowerCase().includes(wanted) || spec.summary.toLowerCase().includes(wanted);
}

/** The newer one first where they are equal. */
function orderOf(sort: JobSort, nowMs: number): (a: JobSummary, b: JobSummary) => number {
  const lasted = ({ startedAtMs, endedAtMs }: JobSummary) =>
    startedAtMs === 0 ? -1 : (endedAtMs === 0 ? nowMs : endedAtMs) - startedAtMs;
  const compare = {
    newest: () => 0,
    oldest: (a: JobSummary, b: JobSummary) => a.id - b.id,
    name: (a: JobSummary, b: JobSummary) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
    priority: (a: JobSummary, b: JobSummary) => a.priority - b.priority,
    duration: (a: JobSummary, b: JobSummary) => lasted(b) - lasted(a),
    failed: (a: JobSummary, b: JobSummary) => b.counts.failed - a.counts.failed,
    ended: (a: JobSummary, b: JobSummary) => b.endedAtMs - a.endedAtMs,
  }[sort];
  return (a, b) => compare(a, b) || b.id - a.id;
}

function tokenOf(token: string): number {
  const place = Number(token);
  if (Number.isSafeInteger(place) && place >= 0) return place;
  throw new DsageError('invalid-argument', `from=${token} is no place in the list.`, {
    hint: 'Use `next` of the page before.',
  });
}
