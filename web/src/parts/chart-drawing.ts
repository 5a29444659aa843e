import 'uplot/dist/uPlot.min.css';

import uPlot from 'uplot';

import type { History, Overview } from '../../../src/model/monitor.js';

const HEIGHT = 190;
const MAX_POINTS = 600;
/** Slots and tasks are whole. */
const WHOLE_STEPS = [1, 10, 100, 1_000, 10_000, 100_000].flatMap((one) => [one, 2 * one, 5 * one]);

type Point = Pick<Overview, 'atMs' | 'tasksPerSecond' | 'busySlots' | 'slots'>;

/** The drawing, in a chunk of its own with its library. Colours come from the style sheet, and follow the theme. */
export class LiveChart {
  readonly #box: HTMLElement;
  readonly #points: Point[];
  readonly #sizes: ResizeObserver;
  readonly #themes: MutationObserver;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #plot: uPlot;

  constructor(box: HTMLElement, history: History | undefined) {
    this.#box = box;
    this.#points = history ? pointsOf(history) : [];
    this.#plot = this.#draw();
    this.#sizes = new ResizeObserver(() => {
      this.#plot.setSize({ width: this.#box.clientWidth, height: HEIGHT });
    });
    this.#sizes.observe(box);
    this.#themes = new MutationObserver(this.#redraw);
    this.#themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    this.#scheme.addEventListener('change', this.#redraw);
  }

  add(point: Point): void {
    const last = this.#points.at(-1);
    if (last && point.atMs <= last.atMs) return;
    this.#points.push(point);
    if (this.#points.length > MAX_POINTS) this.#points.shift();
    this.#plot.setData(columns(this.#points));
  }

  stop(): void {
    this.#sizes.disconnect();
    this.#themes.disconnect();
    this.#scheme.removeEventListener('change', this.#redraw);
    this.#plot.destroy();
  }

  readonly #redraw = (): void => {
    this.#plot.destroy();
    this.#plot = this.#draw();
  };

  #draw(): uPlot {
    const style = getComputedStyle(this.#box);
    // As the theme has it: a canvas knows neither variables nor light-dark().
    const color = (name: string): string => {
      this.#box.style.color = `var(${name})`;
      const { color: resolved } = style;
      this.#box.style.removeProperty('color');
      return resolved;
    };
    const axis = {
      stroke: color('--muted'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
      font: `11px ${style.fontFamily}`,
    };
    return new uPlot(
      {
        width: this.#box.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false },
        scales: {
          rate: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] },
          slots: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] },
        },
        axes: [
          {
            ...axis,
            size: 26,
            incrs: [1, 5, 10, 15, 30, 60, 120, 300, 600],
            space: 72,
            grid: { show: false },
            values: (_plot, seconds) => seconds.map(clock),
          },
          { ...axis, scale: 'rate', size: 44, incrs: WHOLE_STEPS },
          // 1 is the right side; the library's name of it is known to the compiler only.
          // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
          { ...axis, scale: 'slots', side: 1, incrs: WHOLE_STEPS, size: 36, grid: { show: false } },
        ],
        series: [
          {},
          { scale: 'rate', stroke: color('--processing'), width: 1.75, points: { show: false } },
          {
            scale: 'slots',
            stroke: color('--completed'),
            fill: color('--completed-soft'),
            width: 1.25,
            points: { show: false },
          },
          { scale: 'slots', stroke: color('--muted'), dash: [4, 4], width: 1, points: { show: false } },
        ],
      },
      columns(this.#points),
      this.#box,
    );
  }
}

function pointsOf({ endMs, stepMs, tasksPerSecond, busySlots, slots }: History): Point[] {
  const count = tasksPerSecond.length;
  return tasksPerSecond.map((value, at) => ({
    atMs: endMs - (count - 1 - at) * stepMs,
    tasksPerSecond: value,
    busySlots: busySlots[at] ?? 0,
    slots: slots[at] ?? 0,
  }));
}

function columns(points: readonly Point[]): uPlot.AlignedData {
  return [
    points.map(({ atMs }) => atMs / 1000),
    points.map(({ tasksPerSecond }) => tasksPerSecond),
    points.map(({ busySlots }) => busySlots),
    points.map(({ slots }) => slots),
  ];
}

function clock(seconds: number): string {
  const [hours, minutes, rest] = new Date(seconds * 1000).toTimeString().slice(0, 8).split(':');
  return rest === '00' ? `${hours ?? ''}:${minutes ?? ''}` : `${hours ?? ''}:${minutes ?? ''}:${rest ?? ''}`;
}
