import { JOB_SORTS, type JobSort } from '../../src/model/monitor.js';
import { JOB_STATUSES, type JobStatus } from '../../src/model/status.js';

/** What the jobs table shows. It lives in the page's URL, so that a view can be kept and sent. */
export interface JobFilters {
  readonly status: readonly JobStatus[];
  readonly owner: string;
  readonly kind: string;
  readonly q: string;
  /** As `datetime-local` inputs write it, in this browser's time zone; empty where it is open. */
  readonly since: string;
  readonly until: string;
  readonly sort: JobSort;
}

export const NO_FILTERS: JobFilters = {
  status: [],
  owner: '',
  kind: '',
  q: '',
  since: '',
  until: '',
  sort: 'newest',
};

/** Reads what is understood and leaves out the rest: a URL may be typed. */
export function readFilters(search: string): JobFilters {
  const query = new URLSearchParams(search);
  const asked = (query.get('status') ?? '').split(',');
  return {
    status: JOB_STATUSES.filter((status) => asked.includes(status)),
    owner: query.get('owner') ?? '',
    kind: query.get('kind') ?? '',
    q: query.get('q') ?? '',
    since: readTime(query.get('since')),
    until: readTime(query.get('until')),
    sort: JOB_SORTS.find((sort) => sort === query.get('sort')) ?? 'newest',
  };
}

/** The query of the page's URL, with `?`; empty for no filter. */
export function writeFilters(filters: JobFilters): string {
  return queryText(textFields(filters), filters);
}

/** The query of GET /api/jobs. */
export function apiQuery(filters: JobFilters, from: string, limit: number): string {
  const { since, until } = filters;
  return queryText(
    {
      ...textFields(filters),
      since: since === '' ? '' : String(Date.parse(since)),
      until: until === '' ? '' : String(Date.parse(until)),
      from,
      limit: String(limit),
    },
    filters,
  );
}

export function isFiltered(filters: JobFilters): boolean {
  return writeFilters({ ...filters, sort: 'newest' }) !== '';
}

function textFields({ owner, kind, q, since, until }: JobFilters): Record<string, string> {
  return { q, owner, kind, since, until };
}

function queryText(fields: Record<string, string>, { status, sort }: JobFilters): string {
  const query = new URLSearchParams();
  if (status.length > 0) query.set('status', status.join(','));
  for (const [name, value] of Object.entries(fields)) if (value !== '') query.set(name, value);
  if (sort !== 'newest') query.set('sort', sort);
  // Commas are plain in a query, and the URL is read by people.
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return text === '' ? '' : `?${text}`;
}

function readTime(text: string | null): string {
  return text !== null && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text))
    ? text
    : '';
}
