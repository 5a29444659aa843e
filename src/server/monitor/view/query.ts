import { DsageError } from '../../../model/errors.js';
import { JOB_SORTS, type JobSort } from '../../../model/monitor.js';
import type { Identity } from '../../../model/user.js';
import { JOB_STATUSES, type JobStatus } from '../../../model/status.js';
import type { JobQuery } from './job-pages.js';

const DEFAULT_LIMIT = 50;
const MOST_LIMIT = 200;

type Asked = Readonly<Record<string, string | string[] | undefined>>;

/** The parameters behind a `?`, each given at most once. Wrong ones are refused, so that no typo goes unseen. */
export class Query {
  readonly #asked: Asked;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** Empty where it is not given. */
  text(name: string): string {
    const value = this.#asked[name];
    if (Array.isArray(value)) throw wrong(name, value.join(', '), 'given once');
    return value ?? '';
  }

  /** A whole number from 0 on. */
  number<Default extends number | undefined>(name: string, otherwise: Default): number | Default {
    const text = this.text(name);
    if (text === '') return otherwise;
    return wholeNumber(name, text);
  }

  limit(): number {
    return Math.max(1, Math.min(this.number('limit', DEFAULT_LIMIT), MOST_LIMIT));
  }

  statuses(): readonly JobStatus[] {
    const asked = this.text('status')
      .split(',')
      .filter((it) => it !== '');
    return asked.map((text) => oneOf('status', text, JOB_STATUSES));
  }

  /** Users ask about their own jobs, admins about all. */
  jobs(caller: Identity): JobQuery {
    const owner = this.text('owner');
    if (caller.role !== 'admin' && owner !== '' && owner !== caller.name) {
      throw new DsageError('permission-denied', `The jobs of ${owner} are another user's.`, {
        hint: 'Only admins may list them.',
      });
    }
    const sort = this.text('sort');
    return {
      statuses: this.statuses(),
      owner: caller.role !== 'admin' ? caller.name : owner === '' ? undefined : owner,
      kind: this.text('kind'),
      text: this.text('q'),
      sinceMs: this.#time('since'),
      untilMs: this.#time('until'),
      sort: sort === '' ? 'newest' : oneOf<JobSort>('sort', sort, JOB_SORTS),
      from: this.text('from'),
      limit: this.limit(),
    };
  }

  /** Milliseconds since the epoch, or a date as in 2026-11-27T06:00Z. */
  #time(name: string): number {
    const text = this.text(name);
    if (text === '') return 0;
    const timeMs = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
    if (Number.isFinite(timeMs)) return timeMs;
    throw wrong(name, text, 'a time: milliseconds since 1970, or as in 2026-11-27T06:00Z');
  }
}

/** Throws `invalid-argument` for any other text. */
function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw wrong(name, text, 'a whole number from 0 on');
}

function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((it) => it === text);
  if (value !== undefined) return value;
  throw wrong(name, text, `one of ${values.join(', ')}`);
}

function wrong(name: string, text: string, what: string): DsageError {
  return new DsageError('invalid-argument', `${name}=${text.slice(0, 100)} must be ${what}.`);
}
