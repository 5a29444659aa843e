import { shownName } from '../../../src/model/job.js';
import type { FailureLine, JobSummary, Overview, WorkerSummary } from '../../../src/model/monitor.js';
import { JOB_STATUSES } from '../../../src/model/status.js';
import { grouped, rate } from '../format/number.js';
import { useTopic } from '../live/topic.js';
import { doneText, Meter, ProgressBar } from '../parts/bar.js';
import { Chart } from '../parts/chart.js';
import { Command } from '../parts/copy.js';
import { Card, Loading, Page } from '../parts/page.js';
import { Status, StatusIcon } from '../parts/status.js';
import { Elapsed, Foreign, When } from '../parts/text.js';
import { isPublicViewer } from '../session.js';

export function OverviewPage() {
  const overview = useTopic<Overview>('overview').value.value;
  return <Page title="Overview">{overview ? <Content overview={overview} /> : <Loading />}</Page>;
}

function Content({ overview }: { readonly overview: Overview }) {
  const { active, moreActive, workers, failures, connectedWorkers } = overview;
  const isPublic = isPublicViewer.value;
  return (
    <>
      <Figures overview={overview} />
      <div class="columns">
        <div class="column-main">
          <Card title="Throughput" aside={<Legend />}>
            <Chart overview={overview} />
          </Card>
          {!isPublic && (
            <Card
              title="Active jobs"
              aside={
                moreActive > 0 && (
                  <a href="/jobs?status=waiting,processing,paused">{grouped(moreActive)} more</a>
                )
              }
            >
              {active.length > 0 ? (
                <ActiveJobs jobs={active} />
              ) : (
                <NothingActive hasWorkers={connectedWorkers > 0} />
              )}
            </Card>
          )}
        </div>
        <div class="column-side">
          <Card title="Workers" aside={<a href="/workers">All workers</a>}>
            {workers.length > 0 ? <Workers workers={workers} /> : <NoWorkers />}
          </Card>
          {!isPublic && (
            <Card title="Recent failures">
              {failures.length > 0 ? (
                <Failures failures={failures} />
              ) : (
                <p class="muted">None since the server started.</p>
              )}
            </Card>
          )}
        </div>
      </div>
    </>
  );
}

function Figures({ overview }: { readonly overview: Overview }) {
  const { jobs, tasks, tasksPerSecond, slots, busySlots, connectedWorkers } = overview;
  return (
    <section aria-label="Figures" class="figures">
      <div class="figure">
        <span class="figure-name">Tasks per second</span>
        <span class="figure-value">{rate(tasksPerSecond)}</span>
        <span class="small muted">{grouped(tasks.completed)} completed</span>
      </div>
      <div class="figure">
        <span class="figure-name">Busy slots</span>
        <span class="figure-value">
          {grouped(busySlots)}
          <span class="figure-of"> / {grouped(slots)}</span>
        </span>
        <span class="small muted">
          on {grouped(connectedWorkers)} {connectedWorkers === 1 ? 'worker' : 'workers'}
        </span>
      </div>
      <div class="figure">
        <span class="figure-name">Tasks waiting</span>
        <span class="figure-value">{grouped(tasks.waiting)}</span>
        <span class="small muted">{grouped(tasks.processing)} processing</span>
      </div>
      <div class="figure figure-jobs">
        <span class="figure-name">Jobs</span>
        <ul class="job-counts">
          {JOB_STATUSES.map((status) => (
            <li key={status}>
              <a href={`/jobs?status=${status}`} class={jobs[status] === 0 ? 'none' : ''}>
                <StatusIcon status={status} />
                <span class="count">{grouped(jobs[status])}</span>
                <span class="small muted">{status}</span>
              </a>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Legend() {
  return (
    <ul class="legend">
      <li>
        <span class="swatch line-rate" aria-hidden="true" />
        tasks per second
      </li>
      <li>
        <span class="swatch line-busy" aria-hidden="true" />
        busy slots
      </li>
    </ul>
  );
}

function ActiveJobs({ jobs }: { readonly jobs: readonly JobSummary[] }) {
  return (
    <ul class="rows">
      {jobs.map((job) => (
        <li key={job.id} class="job-row" data-href={`/jobs/${job.id}`}>
          <div class="row-line">
            <Status status={job.status} />
            <a class="name" href={`/jobs/${job.id}`}>
              <span class="muted">{job.id}</span> <Foreign text={shownName(job)} />
            </a>
            <span class="spring" />
            <span class="small muted">
              <Foreign text={job.owner} class="short" /> ·{' '}
              <Elapsed startedAtMs={job.startedAtMs} endedAtMs={job.endedAtMs} />
            </span>
          </div>
          <ProgressBar job={job} />
          <div class="row-line small muted">
            <span>{doneText(job)}</span>
            {job.counts.failed > 0 && <span class="status-failed">{grouped(job.counts.failed)} failed</span>}
            {job.stuck > 0 && <span class="status-killed">{grouped(job.stuck)} nothing can run</span>}
            <span class="spring" />
            {job.note !== '' && <Foreign text={job.note} class="line" />}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Workers({ workers }: { readonly workers: readonly WorkerSummary[] }) {
  return (
    <ul class="rows">
      {workers.map((worker) => (
        <li key={worker.worker} class="worker-row">
          <div class="row-line">
            <span class={worker.connected ? 'dot on' : 'dot'} aria-hidden="true" />
            <a class="name" href={`/workers/${worker.worker}`}>
              <Foreign text={worker.name} />
            </a>
            <span class="small muted">{stateOf(worker)}</span>
            <span class="spring" />
            <Meter
              part={worker.busySlots}
              whole={worker.slots}
              label={`${worker.busySlots} / ${worker.slots}`}
            />
          </div>
        </li>
      ))}
    </ul>
  );
}

function stateOf({ connected, draining, load1 }: WorkerSummary): string {
  if (!connected) return 'away';
  return draining ? 'draining' : `load ${load1.toFixed(1)}`;
}

function Failures({ failures }: { readonly failures: readonly FailureLine[] }) {
  return (
    <ul class="rows">
      {failures.map((failure) => (
        <li key={`${failure.job} ${failure.atMs}`}>
          <div class="row-line">
            <StatusIcon status="failed" />
            <a class="name" href={`/jobs/${failure.job}`}>
              <span class="muted">{failure.job}</span> <Foreign text={failure.name} />
            </a>
            <span class="spring" />
            <span class="small muted">
              <When atMs={failure.atMs} />
            </span>
          </div>
          <p class="failure-text small">
            <Foreign text={failure.message} class="line" />
          </p>
        </li>
      ))}
    </ul>
  );
}

function NothingActive({ hasWorkers }: { readonly hasWorkers: boolean }) {
  return (
    <div class="empty-state">
      <p>Nothing runs. {hasWorkers ? 'Submit a job:' : 'Start a worker first, then submit a job:'}</p>
      {!hasWorkers && <Command text="npx dsage-worker" label="start a worker" />}
      <Command text="npx dsage eval '2n**200n'" label="submit a job" />
    </div>
  );
}

function NoWorkers() {
  return (
    <div class="empty-state">
      <p>No worker is connected. On the server’s machine:</p>
      <Command text="npx dsage-worker" label="start a worker" />
      <p>
        <a href="/help">Workers on other machines</a>
      </p>
    </div>
  );
}
