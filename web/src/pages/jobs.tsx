import { useSignal } from '@preact/signals';

import { JOB_SORTS, type JobPage, type JobSort, type JobSummary } from '../../../src/model/monitor.js';
import { JOB_STATUSES, type JobStatus } from '../../../src/model/status.js';
import { getJson } from '../api.js';
import { apiQuery, isFiltered, type JobFilters, readFilters, writeFilters } from '../filters.js';
import { plural } from '../format/number.js';
import { act, fits, type JobAction } from '../job-actions.js';
import { useTopic } from '../live/topic.js';
import { useFetch } from '../live/use-fetch.js';
import { Command } from '../parts/copy.js';
import { JobTable } from '../parts/job-table.js';
import { Failure, Loading, Page } from '../parts/page.js';
import { StatusIcon } from '../parts/status.js';
import { go, place } from '../router.js';

const PAGE_SIZE = 50;

export function JobsPage() {
  const filters = readFilters(place.value.search);
  /** Where each page up to the shown one begins. */
  const trail = useSignal<readonly string[]>(['']);
  const selected = useSignal<ReadonlySet<number>>(new Set());
  const changes = useTopic<{ readonly version: number }>('jobs');
  const again = useSignal(0);
  const query = apiQuery(filters, trail.value.at(-1) ?? '', PAGE_SIZE);
  const { value, error, isLoading } = useFetch(`jobs${query}`, () => getJson<JobPage>(`jobs${query}`), {
    again: `${changes.value.value?.version ?? 0} ${again.value}`,
  }).value;
  const change = (next: Partial<JobFilters>): void => {
    trail.value = [''];
    selected.value = new Set();
    go(`/jobs${writeFilters({ ...filters, ...next })}`, { replace: true });
  };
  const chosen = (value?.jobs ?? []).filter(({ id }) => selected.value.has(id));
  return (
    <Page title="Jobs">
      <Filters filters={filters} change={change} />
      <Selection
        chosen={chosen}
        done={() => {
          selected.value = new Set();
          again.value += 1;
        }}
      />
      {error && <Failure error={error} />}
      {!value && isLoading && <Loading />}
      {value && value.jobs.length === 0 && (
        <NoJobs isFiltered={isFiltered(filters)} clear={() => go('/jobs')} />
      )}
      {value && value.jobs.length > 0 && (
        <JobTable
          jobs={value.jobs}
          selected={selected.value}
          onSelect={(ids, isSelected) => {
            const next = new Set(selected.value);
            for (const id of ids) {
              if (isSelected) next.add(id);
              else next.delete(id);
            }
            selected.value = next;
          }}
        />
      )}
      {value && (
        <nav class="pager" aria-label="Pages of jobs">
          <button
            type="button"
            disabled={trail.value.length < 2}
            onClick={() => (trail.value = trail.value.slice(0, -1))}
          >
            Previous
          </button>
          <span class="muted">Page {trail.value.length}</span>
          <button
            type="button"
            disabled={value.next === null}
            onClick={() => (trail.value = [...trail.value, value.next ?? ''])}
          >
            Next
          </button>
        </nav>
      )}
    </Page>
  );
}

interface FiltersProps {
  readonly filters: JobFilters;
  readonly change: (next: Partial<JobFilters>) => void;
}

const SORT_WORDS: Readonly<Record<JobSort, string>> = {
  newest: 'newest first',
  oldest: 'oldest first',
  name: 'name',
  priority: 'priority',
  duration: 'duration',
  failed: 'failed tasks',
  ended: 'last ended',
};

function Filters({ filters, change }: FiltersProps) {
  const toggle = (status: JobStatus): void =>
    change({
      status: JOB_STATUSES.filter((one) => (one === status) !== filters.status.includes(one)),
    });
  return (
    <search class="filters">
      <Text label="Search" type="search" value={filters.q} set={(q) => change({ q })} isSearch />
      <Text label="Owner" value={filters.owner} set={(owner) => change({ owner })} />
      <Text label="Kind" value={filters.kind} set={(kind) => change({ kind })} />
      <Text label="Since" type="datetime-local" value={filters.since} set={(since) => change({ since })} />
      <Text label="Until" type="datetime-local" value={filters.until} set={(until) => change({ until })} />
      <label class="field">
        <span>Sort by</span>
        <select
          value={filters.sort}
          onChange={({ currentTarget }) => change({ sort: currentTarget.value as JobSort })}
        >
          {JOB_SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {SORT_WORDS[sort]}
            </option>
          ))}
        </select>
      </label>
      <div class="chips" role="group" aria-label="Status">
        {JOB_STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            class="chip"
            aria-pressed={filters.status.includes(status)}
            onClick={() => toggle(status)}
          >
            <StatusIcon status={status} />
            {status}
          </button>
        ))}
      </div>
    </search>
  );
}

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly type?: 'text' | 'search' | 'datetime-local';
  readonly isSearch?: boolean;
}

function Text({ label, value, set, type = 'text', isSearch = false }: TextProps) {
  const timer = useSignal<ReturnType<typeof setTimeout> | undefined>(undefined);
  /** What is typed and not in the URL yet: live changes draw the page again meanwhile. */
  const draft = useSignal<string | undefined>(undefined);
  return (
    <label class={isSearch ? 'field grow' : 'field'}>
      <span>{label}</span>
      <input
        // Preact's types tell the kinds of inputs apart; this one is any of three.
        {...({ type } as { type: 'text' })}
        value={draft.value ?? value}
        id={isSearch ? 'search' : undefined}
        placeholder={isSearch ? 'Name, code, label or number ( / )' : undefined}
        maxLength={200}
        onInput={({ currentTarget }) => {
          clearTimeout(timer.peek());
          const text = currentTarget.value;
          draft.value = text;
          timer.value = setTimeout(() => {
            set(text);
            draft.value = undefined;
          }, 250);
        }}
      />
    </label>
  );
}

const ACTIONS: readonly (readonly [JobAction, string])[] = [
  ['kill', 'Kill'],
  ['rerunFailed', 'Rerun failed'],
  ['pause', 'Pause'],
  ['resume', 'Resume'],
  ['priority', 'Priority'],
];

function Selection({ chosen, done }: { readonly chosen: readonly JobSummary[]; readonly done: () => void }) {
  return (
    <div class={chosen.length > 0 ? 'selection' : 'selection empty'} role="group" aria-label="Selected jobs">
      <span aria-live="polite">
        {chosen.length > 0 ? `${plural(chosen.length, 'job')} selected` : 'Select jobs to act on them.'}
      </span>
      <span class="spring" />
      {chosen.length > 0 &&
        ACTIONS.map(([action, word]) => {
          const fitting = chosen.filter((job) => fits(action, job));
          return (
            <button
              key={action}
              type="button"
              class={action === 'kill' ? 'danger' : ''}
              disabled={fitting.length === 0}
              onClick={() => act(action, fitting, done)}
            >
              {word}
              {fitting.length < chosen.length && fitting.length > 0 ? ` (${fitting.length})` : ''}
            </button>
          );
        })}
    </div>
  );
}

function NoJobs({
  isFiltered: filtered,
  clear,
}: {
  readonly isFiltered: boolean;
  readonly clear: () => void;
}) {
  if (filtered) {
    return (
      <div class="empty-state">
        <p>No job fits these filters.</p>
        <button type="button" onClick={clear}>
          Show all jobs
        </button>
      </div>
    );
  }
  return (
    <div class="empty-state">
      <p>No jobs yet. Submit the first one:</p>
      <Command text="npx dsage eval '2n**200n'" label="submit a job" />
    </div>
  );
}
