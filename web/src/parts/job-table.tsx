import { shownName } from '../../../src/model/job.js';
import type { JobSummary } from '../../../src/model/monitor.js';
import { grouped } from '../format/number.js';
import { doneText, ProgressBar } from './bar.js';
import { Scroll } from './page.js';
import { Status } from './status.js';
import { Elapsed, Foreign, When } from './text.js';

interface JobTableProps {
  readonly jobs: readonly JobSummary[];
  readonly selected: ReadonlySet<number>;
  readonly onSelect: (ids: readonly number[], isSelected: boolean) => void;
}

export function JobTable({ jobs, selected, onSelect }: JobTableProps) {
  const all = jobs.length > 0 && jobs.every(({ id }) => selected.has(id));
  return (
    <Scroll label="Jobs">
      <table class="table table-jobs cards-on-phone">
        <thead>
          <tr>
            <th class="check">
              <input
                type="checkbox"
                aria-label="Select all jobs of this page"
                checked={all}
                onChange={() =>
                  onSelect(
                    jobs.map(({ id }) => id),
                    !all,
                  )
                }
              />
            </th>
            <th class="number">Job</th>
            <th>Status</th>
            <th class="wide">Name</th>
            <th>Progress</th>
            <th class="number">Failed</th>
            <th>Owner</th>
            <th class="number">Priority</th>
            <th>Submitted</th>
            <th class="number">Took</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} isSelected={selected.has(job.id)} onSelect={onSelect} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

interface JobRowProps {
  readonly job: JobSummary;
  readonly isSelected: boolean;
  readonly onSelect: JobTableProps['onSelect'];
}

function JobRow({ job, isSelected, onSelect }: JobRowProps) {
  const { id, counts } = job;
  return (
    <tr data-href={`/jobs/${id}`} class={isSelected ? 'selected' : ''}>
      <td class="check">
        <input
          type="checkbox"
          aria-label={`Select job ${id}`}
          checked={isSelected}
          onChange={() => onSelect([id], !isSelected)}
        />
      </td>
      <td class="number" data-label="Job">
        <a href={`/jobs/${id}`}>{id}</a>
      </td>
      <td data-label="Status">
        <Status status={job.status} />
      </td>
      <td class="wide" data-label="Name">
        <a class="name" href={`/jobs/${id}`} tabindex={-1}>
          <Foreign text={shownName(job)} class="line" />
        </a>
        <SecondLine job={job} />
      </td>
      <td data-label="Progress">
        <ProgressBar job={job} />
        <span class="small muted">{doneText(job)}</span>
      </td>
      <td class="number" data-label="Failed">
        {counts.failed > 0 ? (
          <span class="status-failed">{grouped(counts.failed)}</span>
        ) : (
          <span class="muted">0</span>
        )}
      </td>
      <td data-label="Owner">
        <Foreign text={job.owner} class="line short" />
      </td>
      <td class="number" data-label="Priority">
        {job.priority}
      </td>
      <td data-label="Submitted">
        <When atMs={job.createdAtMs} />
      </td>
      <td class="number" data-label="Took">
        <Elapsed startedAtMs={job.startedAtMs} endedAtMs={job.endedAtMs} />
      </td>
    </tr>
  );
}

/** What is most worth knowing of it: why it ended, what it says of itself, or what its code is. */
function SecondLine({ job: { name, summary, reason, note, kind } }: { readonly job: JobSummary }) {
  const text = reason || note || (name === '' ? kind : summary);
  return text === '' ? null : (
    <Foreign text={text} class={reason === '' ? 'line small muted' : 'line small status-failed'} />
  );
}
