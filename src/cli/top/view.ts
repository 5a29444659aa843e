import type { ServerStatus, WorkerDetails } from '../../client/administration.js';
import type { Dsage } from '../../client/connect.js';
import type { JobFilter, JobInfo } from '../../client/queries.js';
import { DsageError } from '../../model/errors.js';

/** What one frame of `dsage top` shows. */
export interface TopView {
  readonly atMs: number;
  readonly status: ServerStatus;
  /** Unfinished jobs that the user may see, those that run first. */
  readonly jobs: readonly JobInfo[];
  /** There are more than these. */
  readonly hasMore: boolean;
  readonly workers: readonly WorkerDetails[];
  /** Jobs that failed, newest first. */
  readonly failures: readonly JobInfo[];
}

const MOST_JOBS = 50;
const MOST_FAILURES = 5;
const UNFINISHED = ['processing', 'waiting', 'paused'] as const;

/** Asks the server for all of it. Everybody's jobs where the user is an admin, else the user's own. */
export async function readView(d: Dsage): Promise<TopView> {
  const [status, workers, found, failures] = await Promise.all([
    d.serverStatus(),
    d.workers(),
    jobsOf(d, { status: UNFINISHED }, MOST_JOBS + 1),
    jobsOf(d, { status: 'failed' }, MOST_FAILURES),
  ]);
  const jobs = found.slice(0, MOST_JOBS).sort(byUrgency);
  return { atMs: Date.now(), status, jobs, hasMore: found.length > MOST_JOBS, workers, failures };
}

async function jobsOf(d: Dsage, filter: JobFilter, limit: number): Promise<JobInfo[]> {
  try {
    return await d.jobs({ ...filter, owner: '*' }).toArray(limit);
  } catch (error) {
    if (!(error instanceof DsageError) || error.code !== 'permission-denied') throw error;
    return d.jobs(filter).toArray(limit);
  }
}

function byUrgency(a: JobInfo, b: JobInfo): number {
  const place = ({ status }: JobInfo): number => UNFINISHED.findIndex((it) => it === status);
  return place(a) - place(b) || a.priority - b.priority || a.id - b.id;
}
