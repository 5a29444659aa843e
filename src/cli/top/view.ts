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
  readonly failures: readonly FailedJob[];
}

export interface FailedJob {
  readonly job: JobInfo;
  /** Why, as one line. */
  readonly message: string;
}

const MOST_JOBS = 50;
const MOST_FAILURES = 5;
const UNFINISHED = ['processing', 'waiting', 'paused'] as const;

/** Asks the server for all of it. Everybody's jobs where the user is an admin, else the user's own. */
export class ViewReader {
  readonly #d: Dsage;
  /** Of failed jobs by number and end: what is read once does not change. */
  #messages = new Map<string, string>();

  constructor(d: Dsage) {
    this.#d = d;
  }

  async read(): Promise<TopView> {
    const d = this.#d;
    const [status, workers, found, failed] = await Promise.all([
      d.serverStatus(),
      d.workers(),
      jobsOf(d, { status: UNFINISHED }, MOST_JOBS + 1),
      jobsOf(d, { status: 'failed' }, MOST_FAILURES),
    ]);
    const jobs = found.slice(0, MOST_JOBS).sort(byUrgency);
    const failures = await this.#explained(failed);
    return { atMs: Date.now(), status, jobs, hasMore: found.length > MOST_JOBS, workers, failures };
  }

  async #explained(jobs: readonly JobInfo[]): Promise<FailedJob[]> {
    const known = this.#messages;
    this.#messages = new Map();
    return Promise.all(
      jobs.map(async (job) => {
        const key = `${String(job.id)}/${String(job.endedAt?.getTime())}`;
        const message = known.get(key) ?? (await whyFailed(this.#d, job));
        this.#messages.set(key, message);
        return { job, message };
      }),
    );
  }
}

/** What the job says, else what its first failed task says. */
async function whyFailed(d: Dsage, { id, reason }: JobInfo): Promise<string> {
  if (reason !== '') return reason;
  try {
    const [task] = await d.tasks(id, { status: 'failed' }).toArray(1);
    return task === undefined ? '' : ((await d.task(id, task.index)).failures.at(-1)?.message ?? '');
  } catch (error) {
    // Forgotten meanwhile.
    if (error instanceof DsageError && error.code === 'not-found') return '';
    throw error;
  }
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
