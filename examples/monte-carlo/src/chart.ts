import type { Point } from './pi-sweep.js';

/** One dart is worth 4 or 0: this is its standard deviation, and n of them have this much over the root of n. */
const SIGMA = Math.sqrt(Math.PI * (4 - Math.PI));

const WIDTH = 900;
const HEIGHT = 560;
const PLOT = { left: 84, right: WIDTH - 28, top: 92, bottom: HEIGHT - 64 };

/** From a value to a place, along a logarithmic axis. */
interface Axis {
  readonly from: number;
  readonly to: number;
  at(value: number): number;
}

/** The convergence as an SVG: both axes logarithmic, so that a power law is a straight line. */
export function convergenceChart(points: readonly Point[]): string {
  const sizes = points.map(({ samples }) => samples);
  const x = axis(Math.min(...sizes) / 1.6, Math.max(...sizes) * 1.6, [PLOT.left, PLOT.right]);
  // An estimate that is exact to the last digit has no place on a logarithmic axis.
  const errors = points.flatMap((point) => point.errors).filter((error) => error > 0);
  const y = axis(Math.min(...errors) / 1.6, 10 ** Math.ceil(Math.log10(Math.max(...errors))), [
    PLOT.bottom,
    PLOT.top,
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>How a Monte Carlo estimate of π converges</title>
<style>
  text { font-family: system-ui, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif; font-size: 14px; fill: #52606d }
  .heading { font-size: 20px; font-weight: 600; fill: #1f2933 }
  .tick { text-anchor: end } .x.tick { text-anchor: middle } .up { font-size: 10px }
  .grid { stroke: #e4e7eb } .frame { stroke: #9aa5b1; fill: none }
  .estimate { fill: #2f80c3; fill-opacity: 0.22 }
  .theory { stroke: #d64545; stroke-width: 2; stroke-dasharray: 7 5 }
  .bar { stroke: #12426b; stroke-width: 1.6; fill: none } .rms { fill: #12426b }
</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text class="heading" x="${PLOT.left}" y="34">A hundred times the samples, a tenth of the error</text>
<text x="${PLOT.left}" y="58">Monte Carlo estimates of π: ${points[0]?.errors.length ?? 0} for each number of samples</text>
${grid(x, y)}
<clipPath id="plot"><rect x="${PLOT.left}" y="${PLOT.top}" width="${PLOT.right - PLOT.left}" height="${PLOT.bottom - PLOT.top}"/></clipPath>
<g clip-path="url(#plot)">
${points.flatMap((point) => dots(point, x, y)).join('\n')}
${theoryLine(x, y)}
${points.map((point) => rmsMark(point, x, y)).join('\n')}
</g>
${legend()}
</svg>
`;
}

function theory(samples: number): number {
  return SIGMA / Math.sqrt(samples);
}

function axis(from: number, to: number, [start, end]: readonly [number, number]): Axis {
  const scale = (end - start) / Math.log(to / from);
  return { from, to, at: (value) => round(start + scale * Math.log(value / from)) };
}

function grid(x: Axis, y: Axis): string {
  const { left, right, top, bottom } = PLOT;
  const columns = powersOfTen(x).map((power) => {
    const at = x.at(10 ** power);
    return `<path class="grid" d="M${at} ${top}V${bottom}"/><text class="x tick" x="${at}" y="${bottom + 22}">${ten(power)}</text>`;
  });
  const rows = powersOfTen(y).map((power) => {
    const at = y.at(10 ** power);
    return `<path class="grid" d="M${left} ${at}H${right}"/><text class="tick" x="${left - 10}" y="${at + 5}">${ten(power)}</text>`;
  });
  const middle = round((top + bottom) / 2);
  return [
    ...columns,
    ...rows,
    `<rect class="frame" x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/>`,
    `<text class="x tick" x="${(left + right) / 2}" y="${HEIGHT - 16}">samples in one estimate</text>`,
    `<text class="x tick" transform="translate(22 ${middle}) rotate(-90)">error of the estimate</text>`,
  ].join('\n');
}

function powersOfTen({ from, to }: Axis): number[] {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const last = Math.floor(Math.log10(to) + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, place) => first + place);
}

/** 10 with its exponent raised; not every font has all digits as raised ones. */
function ten(power: number): string {
  return `10<tspan class="up" dy="-6">${String(power).replace('-', '−')}</tspan>`;
}

/** Every single estimate, faintly. */
function dots({ samples, errors }: Point, x: Axis, y: Axis): string[] {
  return errors
    .filter((error) => error > 0)
    .map((error) => `<circle class="estimate" cx="${x.at(samples)}" cy="${y.at(error)}" r="4"/>`);
}

function theoryLine(x: Axis, y: Axis): string {
  const [start, end] = [x.from, x.to].map((samples) => `${x.at(samples)} ${y.at(theory(samples))}`);
  return `<path class="theory" d="M${start ?? ''}L${end ?? ''}"/>`;
}

function rmsMark({ samples, rms, rmsError }: Point, x: Axis, y: Axis): string {
  const at = x.at(samples);
  const [low, high] = [y.at(Math.max(rms - 2 * rmsError, y.from)), y.at(rms + 2 * rmsError)];
  return `<path class="bar" d="M${at} ${low}V${high}M${at - 5} ${low}h10M${at - 5} ${high}h10"/><circle class="rms" cx="${at}" cy="${y.at(rms)}" r="4"/>`;
}

function legend(): string {
  const [x, y] = [PLOT.right - 280, PLOT.top + 30];
  return `<rect x="${x - 40}" y="${y - 20}" width="308" height="80" rx="4" fill="#fff" stroke="#e4e7eb"/>
<circle class="estimate key" cx="${x - 14}" cy="${y - 5}" r="4"/><text x="${x + 6}" y="${y}">one estimate</text>
<path class="bar" d="M${x - 14} ${y + 10}v18m-5 0h10m-10 -18h10"/><circle class="rms key" cx="${x - 14}" cy="${y + 19}" r="4"/><text x="${x + 6}" y="${y + 24}">their RMS, ± 2 standard errors</text>
<path class="theory" d="M${x - 28} ${y + 43}h28"/><text x="${x + 6}" y="${y + 48}">theory: √(π(4 − π) / n) ≈ 1.64 / √n</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
