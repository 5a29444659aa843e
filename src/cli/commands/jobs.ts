import type { JobFilter, JobInfo } from '../../client/queries.js';
import { shownName } from '../../model/job.js';
import type { JobStatus } from '../../model/status.js';
import type { Cli } from '../cli.js';
import { progressOf, statusColor } from '../format/status.js';
import { type Column, table } from '../format/table.js';
import { ago, duration } from '../format/time.js';

interface JobsFlags {
  readonly status?: JobStatus[];
  readonly all?: boolean;
  readonly user?: string;
  readonly name?: string;
  readonly limit: number;
}

export async function listJobs(cli: Cli, _: string[], flags: JobsFlags): Promise<undefined> {
  const owner = flags.all === true ? '*' : flags.user;
  const filter: JobFilter = {
    ...(flags.status === undefined ? {} : { status: flags.status }),
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(owner === undefined ? {} : { owner }),
  };
  // One more than is shown tells whether there are more.
  const found = await cli.withServer((d) => d.jobs(filter).toArray(flags.limit + 1));
  const jobs = found.slice(0, flags.limit);
  if (cli.json) {
    cli.printJson(jobs);
    return;
  }
  const columns = jobColumns(Date.now(), owner !== undefined);
  cli.print(table(columns, jobs, { look: cli.look, empty: 'No jobs.' }));
  if (found.length > jobs.length) cli.note(`There are more: dsage jobs --limit ${String(flags.limit * 4)}`);
}

function jobColumns(now: number, withOwner: boolean): Column<JobInfo>[] {
  const owner: Column<JobInfo> = { title: 'USER', value: (job) => job.owner };
  return [
    { title: 'JOB', value: ({ id }) => id, align: 'right' },
    {
      title: 'STATUS',
      value: ({ status }) => status,
      color: ({ status }, colors) => statusColor(status, colors),
    },
    { title: 'TASKS', value: ({ counts, taskCount }) => progressOf(counts, taskCount), align: 'right' },
    ...(withOwner ? [owner] : []),
    { title: 'PRIO', value: ({ priority }) => priority, align: 'right' },
    { title: 'SUBMITTED', value: ({ createdAt }) => ago(createdAt, now) },
    { title: 'TOOK', value: (job) => took(job, now), align: 'right' },
    { title: 'NAME', value: shownName, shrinks: true },
    { title: 'SAYS', value: ({ note }) => note, shrinks: true, optional: true },
    { title: 'REASON', value: ({ reason }) => reason, shrinks: true, optional: true },
  ];
}

export function took({ startedAt, endedAt }: JobInfo, now: number): string {
  if (startedAt === undefined) return '';
  return duration((endedAt?.getTime() ?? now) - startedAt.getTime());
}
