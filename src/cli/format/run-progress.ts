import { cut, oneLine } from './table.js';
import { duration } from './time.js';

/** How far a job is, as its display shows it. */
export interface RunView {
  /** The job's number; undefined until the server has it. */
  readonly id: number | undefined;
  /** Completed, failed or killed. */
  readonly done: number;
  /** How many tasks there will be, where the class knows. */
  readonly total: number | undefined;
  readonly failed: number;
  /** How many run now; undefined while nobody has said. */
  readonly running: number | undefined;
  /** Tasks that end in a second; undefined while too few have. */
  readonly perSecond: number | undefined;
  readonly elapsedMs: number;
  /** What the job says that it does; empty where it says nothing. */
  readonly stage: string;
}

const LONGEST_BAR = 40;
const SHORTEST_BAR = 10;
const GAP = '  ';

/** One line of a terminal that is `width` columns wide: `job 12  █████░░░░░  120/349  2 failed  8 running  41/s  6 s left`. */
export function barLine(view: RunView, width: number): string {
  const { id, done, total } = view;
  // A line that fills the last column makes some terminals begin a new one.
  const room = width - 1;
  if (id === undefined) return cut('submitting', room);
  const name = `job ${String(id)}`;
  const text = partsOf(view, `${String(done)}${total === undefined ? ' done' : `/${String(total)}`}`).join(
    GAP,
  );
  const size = Math.min(LONGEST_BAR, room - name.length - text.length - 2 * GAP.length);
  if (total === undefined || size < SHORTEST_BAR) return cut(`${name}${GAP}${text}`, room);
  const full = Math.floor(size * (total === 0 ? 1 : Math.min(1, done / total)));
  return `${name}${GAP}${'█'.repeat(full)}${'░'.repeat(size - full)}${GAP}${text}`;
}

/** The same where there is no terminal: `job 12: 120 of 349 done, 2 failed, 8 running, 41/s, 6 s left`. */
export function plainLine(view: RunView): string {
  const { id, done, total } = view;
  const head = `${String(done)}${total === undefined ? '' : ` of ${String(total)}`} done`;
  return `${id === undefined ? '' : `job ${String(id)}: `}${partsOf(view, head).join(', ')}`;
}

function partsOf(view: RunView, head: string): string[] {
  const { done, total, failed, running, perSecond, elapsedMs, stage } = view;
  const left = total === undefined || perSecond === undefined ? undefined : (total - done) / perSecond;
  return [
    head,
    failed > 0 ? `${String(failed)} failed` : '',
    running === undefined ? '' : `${String(running)} running`,
    perSecond === undefined ? '' : rate(perSecond),
    left !== undefined && left > 0 && Number.isFinite(left) ? `${wholeTime(left)} left` : '',
    total === undefined ? wholeTime(elapsedMs / 1000) : '',
    oneLine(stage),
  ].filter((part) => part !== '');
}

/** `41/s`, `0.41/s`, `2.5/min`: two figures are enough. */
function rate(perSecond: number): string {
  if (perSecond >= 9.95) return `${String(Math.round(perSecond))}/s`;
  return perSecond >= 0.1 ? `${perSecond.toPrecision(2)}/s` : `${(perSecond * 60).toPrecision(2)}/min`;
}

/** Without parts of a second, which would flicker. */
function wholeTime(seconds: number): string {
  return seconds < 60 ? `${String(Math.ceil(seconds))} s` : duration(Math.ceil(seconds) * 1000);
}
