import pc from 'picocolors';

import type { WorkerDetails } from '../../client/administration.js';
import type { JobInfo } from '../../client/queries.js';
import { shownName } from '../../model/job.js';
import { plural, progressOf, statusColor } from '../format/status.js';
import { type Colors, cut, oneLine } from '../format/table.js';
import { ago, duration } from '../format/time.js';
import { BAR_PARTS, gauge, sparkline, stackedBar } from './bar.js';
import type { TopView } from './view.js';

export interface FrameOptions {
  readonly width: number;
  /** Lines; Infinity where nothing has to be left out. */
  readonly height: number;
  readonly colors: boolean;
  /** Tasks per second, a value a second, the newest last. */
  readonly rates: readonly number[];
  /** What the last line says, such as how to leave; empty for no such line. */
  readonly footer: string;
  /** Why the numbers are old; empty while they are not. */
  readonly stale: string;
}

const GAP = 2;
const BAR_WIDTH = 24;
const NAME_WIDTH = 18;
const GAUGE_WIDTH = 8;
/** A line about a worker or a failure that is left out for want of room is still counted. */
const LEAST_LINES = 2;
const LINES_OF_CHROME = 9;

/** The overview as lines that fit: jobs get the room that workers and failures leave. */
export function frame(view: TopView, options: FrameOptions): string[] {
  const colors = pc.createColors(options.colors);
  const page = new Page(options.width, colors);
  const room = shares(view, options.height - LINES_OF_CHROME);
  head(page, view, options);
  page.blank();
  page.title('JOBS', jobsTitle(view));
  page.rows(view.jobs, room.jobs, (job) => jobLine(job, view.atMs, colors), 'No job is unfinished.');
  page.blank();
  page.title('WORKERS', plural(view.status.workers, 'worker'));
  const noWorkers = 'No worker: start one with dsage-worker --server HOST:PORT';
  page.rows(view.workers, room.workers, (worker) => workerLine(worker, view.atMs, colors), noWorkers);
  if (view.failures.length > 0) {
    page.blank();
    page.title('FAILED LAST', '');
    page.rows(view.failures, room.failures, (job) => failureLine(job, view.atMs, colors), '');
  }
  if (options.footer !== '') {
    page.blank();
    page.line([options.footer, legend()].map((text) => ({ text, paint: colors.dim })));
  }
  return page.lines.slice(0, options.height);
}

/** Lines of cells that never reach beyond the width: a cell that has no room any more is cut, later ones are left out. */
class Page {
  readonly lines: string[] = [];
  readonly #width: number;
  readonly #colors: Colors;

  constructor(width: number, colors: Colors) {
    this.#width = width;
    this.#colors = colors;
  }

  blank(): void {
    this.lines.push('');
  }

  title(name: string, beside: string): void {
    this.line([
      { text: name, paint: this.#colors.bold },
      { text: beside, paint: this.#colors.dim },
    ]);
  }

  line(cells: readonly Cell[]): void {
    let left = this.#width;
    const parts: string[] = [];
    for (const { text, size, paint } of cells) {
      if (text === '') continue;
      const room = left - (parts.length === 0 ? 0 : GAP);
      // What is painted inside cannot be cut.
      if (room <= 0 || (size !== undefined && size > room)) break;
      const shown = size === undefined ? cut(text, room) : text;
      parts.push(paint === undefined ? shown : paint(shown));
      left = room - (size ?? shown.length);
    }
    this.lines.push(parts.join('  ').trimEnd());
  }

  rows<T>(items: readonly T[], most: number, draw: (item: T) => readonly Cell[], empty: string): void {
    if (items.length === 0) this.line([{ text: empty, paint: this.#colors.dim }]);
    const shown = items.length <= most ? items : items.slice(0, Math.max(0, most - 1));
    for (const item of shown) this.line(draw(item));
    const hidden = items.length - shown.length;
    if (hidden > 0) this.line([{ text: `… and ${String(hidden)} more`, paint: this.#colors.dim }]);
  }
}

interface Cell {
  readonly text: string;
  /** Columns, where the text has colours in it already. */
  readonly size?: number;
  readonly paint?: (text: string) => string;
}

function head(page: Page, { status, atMs }: TopView, options: FrameOptions): void {
  const { rates, stale, width } = options;
  const colors = pc.createColors(options.colors);
  page.line([
    { text: `dsage ${status.packageVersion}` },
    { text: plain(status.cluster) },
    { text: `up ${duration(Math.max(0, atMs - status.startedAt.getTime()))}` },
    { text: stale === '' ? '' : `STALE: ${plain(stale)}`, paint: colors.red },
  ]);
  const slots = `slots ${gauge(status.busySlots, status.slots, BAR_WIDTH)} ${String(status.busySlots)}/${String(status.slots)} busy`;
  page.line([
    { text: slots },
    { text: plural(status.clients, 'client') },
    { text: `${String(status.memoryMb)} MiB` },
  ]);
  const speed = `${status.tasksPerSecond.toFixed(1)} tasks/s`;
  page.line([{ text: speed }, { text: rates.length < 2 ? '' : sparkline(rates, width - speed.length - 2) }]);
}

function jobsTitle({ status, jobs, hasMore }: TopView): string {
  const shown = hasMore ? `, the newest ${String(jobs.length)} here` : '';
  return `${String(status.unfinishedJobs)} unfinished${shown}`;
}

function jobLine(job: JobInfo, atMs: number, colors: Colors): Cell[] {
  const { counts, taskCount, closed, startedAt } = job;
  return [
    { text: String(job.id).padStart(6) },
    { text: job.status.padEnd(10), paint: statusColor(job.status, colors) },
    { text: stackedBar(counts, BAR_WIDTH, colors), size: BAR_WIDTH },
    { text: `${progressOf(counts, taskCount)}${closed ? '' : '+'}`.padEnd(12) },
    { text: (startedAt === undefined ? '' : duration(Math.max(0, atMs - startedAt.getTime()))).padEnd(10) },
    { text: cut(plain(job.owner), NAME_WIDTH) },
    { text: plain(shownName(job)) },
  ];
}

function workerLine(worker: WorkerDetails, atMs: number, colors: Colors): Cell[] {
  const { busySlots, slots, connected, draining } = worker;
  const state = connected ? (draining ? 'draining' : 'connected') : 'away';
  const paint = connected ? (draining ? colors.yellow : colors.green) : colors.red;
  return [
    { text: String(worker.worker).padStart(6) },
    { text: state.padEnd(10), paint },
    {
      text: `${gauge(busySlots, slots, GAUGE_WIDTH)} ${String(busySlots)}/${String(slots)}`.padEnd(
        GAUGE_WIDTH + 6,
      ),
    },
    { text: `load ${worker.load1.toFixed(1)}`.padEnd(9) },
    { text: `${String(worker.completed)} done`.padEnd(10) },
    { text: worker.failed === 0 ? '' : `${String(worker.failed)} failed`, paint: colors.red },
    { text: cut(plain(worker.name), NAME_WIDTH) },
    { text: connected ? '' : `seen ${ago(worker.lastSeenAt, atMs)}` },
    { text: plain(worker.labels.join(',')) },
  ];
}

function failureLine(job: JobInfo, atMs: number, colors: Colors): Cell[] {
  return [
    { text: String(job.id).padStart(6), paint: colors.red },
    { text: ago(job.endedAt, atMs).padEnd(10) },
    { text: cut(plain(shownName(job)), NAME_WIDTH).padEnd(NAME_WIDTH) },
    { text: plain(job.reason.split('\n')[0] ?? '') },
  ];
}

function legend(): string {
  return BAR_PARTS.map(({ part, sign }) => `${sign} ${part === 'processing' ? 'running' : part}`).join(' ');
}

/** How many lines each part gets. */
function shares({ jobs, workers, failures }: TopView, room: number): Shares {
  if (room === Infinity) return { jobs: Infinity, workers: Infinity, failures: Infinity };
  const least = (count: number): number => Math.min(Math.max(1, count), LEAST_LINES);
  const failuresGet = Math.min(failures.length, Math.max(LEAST_LINES, Math.floor(room / 5)));
  const rest = Math.max(0, room - failuresGet - (failures.length > 0 ? 2 : 0));
  const workersGet = Math.min(
    Math.max(1, workers.length),
    Math.max(least(workers.length), Math.floor(rest / 3)),
  );
  const jobsGet = Math.max(least(jobs.length), rest - workersGet);
  return { jobs: jobsGet, workers: workersGet, failures: failuresGet };
}

interface Shares {
  readonly jobs: number;
  readonly workers: number;
  readonly failures: number;
}

/** One line of text that moves nothing: neither the cursor nor the direction of what stands behind it. */
function plain(text: string): string {
  return oneLine(text).replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}
