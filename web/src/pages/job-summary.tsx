import type { JobDetail } from '../../../src/model/monitor.js';
import { isFinal } from '../../../src/model/status.js';
import { getText } from '../api.js';
import { grouped, percent, plural } from '../format/number.js';
import { duration } from '../format/time.js';
import { useFetch } from '../live/use-fetch.js';
import { doneText, ProgressBar } from '../parts/bar.js';
import { Card, Facts, type FactRow, Failure, Scroll } from '../parts/page.js';
import { Block, Elapsed, Foreign, When } from '../parts/text.js';
import { ValueView } from '../values/value-view.js';

export function JobSummaryTab({ job }: { readonly job: JobDetail }) {
  const { id, resultBytes, endedAtMs, generation } = job;
  return (
    <>
      {(job.reason !== '' || job.counts.failed > 0) && <Lost job={job} />}
      <Progress job={job} />
      {job.why.length > 0 && <Why job={job} />}
      {resultBytes > 0 && (
        <Card title="Result">
          <ValueView
            path={`jobs/${id}/result`}
            size={resultBytes}
            label="Result"
            again={`${generation} ${endedAtMs} ${isFinal(job.status) ? '' : job.answerCount}`}
          />
        </Card>
      )}
      <div class="columns even">
        <Code job={job} />
        <Card title="Details">
          <Facts rows={factsOf(job)} />
        </Card>
      </div>
    </>
  );
}

/** Before all else why it failed or was killed, and the way to the tasks that failed. */
function Lost({ job }: { readonly job: JobDetail }) {
  const { reason, status, counts } = job;
  const title = status === 'killed' ? 'Why was it killed?' : 'Why did it fail?';
  const failed = plural(counts.failed, 'failed task');
  return (
    <Card
      title={reason === '' ? 'Some tasks failed' : title}
      class={status === 'failed' ? 'notice-error' : ''}
      aside={counts.failed > 0 && <a href={failedTasksOf(job)}>{failed}</a>}
    >
      {reason === '' ? (
        <p class="muted">What each of them says is told beside its attempts.</p>
      ) : (
        <Block text={reason} label={title} />
      )}
    </Card>
  );
}

/** One task is shown at once, with its stack; of several the list. */
function failedTasksOf({ id, taskCount }: JobDetail): string {
  return `/jobs/${id}?tab=tasks&status=failed${taskCount === 1 ? '&task=0' : ''}`;
}

function Progress({ job }: { readonly job: JobDetail }) {
  const { note, fraction, status, startedAtMs, endedAtMs } = job;
  return (
    <Card
      title="Progress"
      aside={
        <span class="small muted">
          {doneText(job)}
          {!job.closed && ', more may come'} · <Elapsed startedAtMs={startedAtMs} endedAtMs={endedAtMs} />
        </span>
      }
    >
      <ProgressBar job={job} legend />
      {note !== '' && (
        <p class="note">
          <Foreign text={note} />
        </p>
      )}
      {fraction >= 0 && !isFinal(status) && (
        <div class="row-line">
          <progress max={1} value={fraction} aria-label="Its own estimate" />
          <span class="small muted">{percent(fraction, 1)} by its own estimate</span>
        </div>
      )}
    </Card>
  );
}

function Why({ job: { why, workersLack } }: { readonly job: JobDetail }) {
  return (
    <Card title="Why is it waiting?">
      <ul class="reasons">
        {why.map((reason) => (
          <li key={reason}>
            <Foreign text={reason} />
          </li>
        ))}
      </ul>
      {workersLack.length > 0 && (
        <Scroll label="What each worker lacks">
          <table class="table">
            <thead>
              <tr>
                <th>Worker</th>
                <th class="wide">What it lacks</th>
              </tr>
            </thead>
            <tbody>
              {workersLack.map(({ worker, name, reason }) => (
                <tr key={worker}>
                  <td>
                    <a href={`/workers/${worker}`}>
                      <Foreign text={name || String(worker)} />
                    </a>
                  </td>
                  <td class="wide">
                    <Foreign text={reason} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Card>
  );
}

function Code({ job: { id, kind, evaluator, generation } }: { readonly job: JobDetail }) {
  const path = `jobs/${id}/program`;
  const { value, error } = useFetch(path, () => getText(path), { again: generation }).value;
  return (
    <Card
      title="Code"
      aside={
        <span class="small muted">
          {kind} · {evaluator}
        </span>
      }
    >
      {error && <Failure error={error} />}
      {value !== undefined && <Block text={value} label="Code" href={`/api/${path}`} />}
      <h3>Parameters</h3>
      <ValueView path={`jobs/${id}/parameters`} size={0} label="Parameters" again={generation} />
    </Card>
  );
}

function factsOf(job: JobDetail): FactRow[] {
  const { limits, resources, labels, after } = job;
  const needs = Object.entries(resources).map(([name, amount]) => `${name} ${amount}`);
  const orNone = (text: string): string => (text === '' ? 'none' : text);
  return [
    ['Owner', <Foreign text={job.owner} />],
    ['Priority', job.priority],
    ['Submitted', <When atMs={job.createdAtMs} />],
    ['Started', <When atMs={job.startedAtMs} none="not yet" />],
    ['Ended', <When atMs={job.endedAtMs} none="not yet" />],
    ['Tasks', `${grouped(job.taskCount)}${job.closed ? '' : ' so far'}`],
    ['Needs labels', <Foreign text={orNone(labels.join(', '))} />],
    ['Needs resources', <Foreign text={orNone(needs.join(', '))} />],
    [
      'After jobs',
      after.length === 0
        ? 'none'
        : after.map((one) => (
            <a key={one} class="in-list" href={`/jobs/${one}`}>
              {one}
            </a>
          )),
    ],
    ['Time limit of a task', limits.timeMs === 0 ? 'none' : duration(limits.timeMs)],
    ['Memory limit of a task', limits.memoryMb === 0 ? 'none' : `${grouped(limits.memoryMb)} MB`],
    ['Attempts of a task', limits.maxAttempts],
    [
      'Fails after',
      limits.maxFailedTasks === 0 ? 'every task has run' : `${grouped(limits.maxFailedTasks)} failed tasks`,
    ],
    ['Kept after its end', job.ttlMs === 0 ? 'always' : duration(job.ttlMs)],
    ['Owner may leave', job.detached ? 'yes' : 'no'],
    ['Run', grouped(job.generation)],
  ];
}
