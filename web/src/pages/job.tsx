import type { JobDetail } from '../../../src/model/monitor.js';
import { act, fits, type JobAction } from '../job-actions.js';
import { useResource } from '../live/use-resource.js';
import { Absent, Loading, Page } from '../parts/page.js';
import { Status } from '../parts/status.js';
import { queryValue } from '../router.js';
import { JobOutput } from './job-output.js';
import { JobSummaryTab } from './job-summary.js';
import { JobTasks } from './job-tasks.js';
import { JobTimeline } from './job-timeline.js';

const TABS = [
  ['', 'Summary'],
  ['tasks', 'Tasks'],
  ['timeline', 'Timeline'],
  ['output', 'Output'],
] as const;

export function JobPage({ id }: { readonly id: string }) {
  const { value: job, error } = useResource<JobDetail>(`job:${id}`, `jobs/${id}`);
  if (!job) {
    return (
      <Page title={`Job ${id}`}>
        {error ? (
          <Absent error={error} what={`job ${id}`}>
            <a href="/jobs">The jobs that you may see</a>
          </Absent>
        ) : (
          <Loading />
        )}
      </Page>
    );
  }
  const tab = TABS.find(([name]) => name === queryValue('tab'))?.[0] ?? '';
  return (
    <Page
      title={`Job ${id}${job.name && `: ${job.name}`}`}
      lead={<Status status={job.status} />}
      actions={<Actions job={job} />}
    >
      <nav class="tabs" aria-label="Parts of the job">
        {TABS.map(([name, word]) => (
          <a
            key={name}
            href={`/jobs/${id}${name && `?tab=${name}`}`}
            aria-current={tab === name ? 'page' : undefined}
          >
            {word}
          </a>
        ))}
      </nav>
      {tab === '' && <JobSummaryTab job={job} />}
      {tab === 'tasks' && <JobTasks job={job} />}
      {tab === 'timeline' && <JobTimeline job={job} />}
      {tab === 'output' && <JobOutput job={job} />}
    </Page>
  );
}

const ACTIONS: readonly (readonly [JobAction, string])[] = [
  ['pause', 'Pause'],
  ['resume', 'Resume'],
  ['priority', 'Priority'],
  ['rerunFailed', 'Rerun failed'],
  ['rerun', 'Rerun all'],
  ['kill', 'Kill'],
];

function Actions({ job }: { readonly job: JobDetail }) {
  return (
    <>
      {ACTIONS.filter(([action]) => fits(action, job)).map(([action, word]) => (
        <button
          key={action}
          type="button"
          class={action === 'kill' ? 'danger' : ''}
          onClick={() => act(action, [job])}
        >
          {word}
        </button>
      ))}
    </>
  );
}
