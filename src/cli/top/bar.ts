import type { TaskCounts } from '../../model/job.js';
import type { Colors } from '../format/table.js';

/** What a stacked bar is made of, in its order. The signs differ, so that nobody needs the colours. */
export const BAR_PARTS = [
  { part: 'completed', sign: '█', color: 'green' },
  { part: 'processing', sign: '▒', color: 'cyan' },
  { part: 'failed', sign: '×', color: 'red' },
  { part: 'killed', sign: '-', color: 'magenta' },
  { part: 'waiting', sign: '░', color: 'dim' },
] as const satisfies readonly { part: keyof TaskCounts; sign: string; color: keyof Colors }[];

/** The tasks of a job as one bar of `width` cells. */
export function stackedBar(counts: TaskCounts, width: number, colors: Colors): string {
  const cells = share(
    BAR_PARTS.map(({ part }) => counts[part]),
    width,
  );
  return BAR_PARTS.map(({ sign, color }, at) => {
    const size = cells[at] ?? 0;
    return size === 0 ? '' : colors[color](sign.repeat(size));
  }).join('');
}

/** A gauge of `width` cells of which `used` of `all` are full; empty where there is nothing to fill. */
export function gauge(used: number, all: number, width: number): string {
  const full = all === 0 ? 0 : Math.min(width, Math.round((width * used) / all));
  return '█'.repeat(full) + '░'.repeat(width - full);
}

const STEPS = '▁▂▃▄▅▆▇█';

/** The last `width` values as a line of small bars, the highest as high as there is room; nothing is a blank. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = width <= 0 ? [] : values.slice(-width);
  const highest = Math.max(...shown, 0);
  return shown
    .map((value) => (value <= 0 ? ' ' : STEPS.charAt(Math.ceil((STEPS.length * value) / highest) - 1)))
    .join('');
}

/**
 * Shares cells out in proportion. What is there at all gets a cell where there is room: one failed task of a million is
 * what people look for. The largest part pays for it.
 */
function share(amounts: readonly number[], width: number): number[] {
  const total = amounts.reduce((sum, it) => sum + it, 0);
  if (total === 0) return amounts.map((_, at) => (at === amounts.length - 1 ? width : 0));
  const cells = amounts.map((it) => (it === 0 ? 0 : Math.max(1, Math.round((it * width) / total))));
  let excess = cells.reduce((sum, it) => sum + it, 0) - width;
  while (excess !== 0) {
    const largest = cells.indexOf(Math.max(...cells));
    const step = Math.sign(excess);
    cells[largest] = (cells[largest] ?? 0) - step;
    excess -= step;
  }
  return cells;
}
