import Table from 'cli-table3';

import { type Bar, isMet, type Report, type Row, type Unit } from './results.js';
import { median } from './stats.js';

const HEAD = ['what', 'median', 'runs (lowest – highest)', 'bar', 'ours is'];

/** A report as text: its title, how it was measured, and a line for each figure. */
export function renderReport({ title, note, rows }: Report): string {
  const table = plainTable(HEAD);
  for (const row of rows) table.push(cells(row));
  return `${title}\n${note}\n\n${table.toString()}\n`;
}

/** Every bar of all reports, and whether it was met. */
export function renderBars(reports: readonly Report[]): string {
  const table = plainTable(['bar', 'must be', 'is', '']);
  let missed = 0;
  let unknown = 0;
  for (const { what, unit, value, bar } of reports.flatMap(({ rows }) => rows.flatMap(barsOf))) {
    const met = isMet(value, bar);
    if (met === undefined) unknown += 1;
    else if (!met) missed += 1;
    table.push([what, showBar(bar, unit), showValue(value, unit), verdict(met)]);
  }
  const all = table.length;
  if (all === 0) return '';
  const rest = [`${missed} missed`, ...(unknown > 0 ? [`${unknown} not measured`] : [])].join(', ');
  return `${table.toString()}\n${all - missed - unknown} of ${all} bars met, ${rest}\n`;
}

interface BarOfRow {
  readonly what: string;
  readonly unit: Unit;
  readonly value: number;
  readonly bar: Bar;
}

function barsOf({ what, unit, values, bar, ratio }: Row): BarOfRow[] {
  const own = bar === undefined ? [] : [{ what, unit, value: median(values), bar }];
  if (ratio?.bar === undefined) return own;
  return [...own, { what: `ours against ${what}`, unit: '×', value: ratio.value, bar: ratio.bar }];
}

function cells({ what, unit, values, bar, ratio, missing }: Row): string[] {
  if (missing !== undefined) return [what, missing, '', '', ''];
  const value = median(values);
  const spread =
    values.length > 1
      ? `${values.length} (${showValue(Math.min(...values), unit)} – ${showValue(Math.max(...values), unit)})`
      : '1';
  const barCell = bar === undefined ? '' : `${showBar(bar, unit)} ${verdict(isMet(value, bar))}`;
  return [what, showValue(value, unit), spread, barCell, ratio === undefined ? '' : showRatio(ratio)];
}

function showRatio({ value, bar }: NonNullable<Row['ratio']>): string {
  const text = showValue(value, '×');
  return bar === undefined ? text : `${text}, ${showBar(bar, '×')} ${verdict(isMet(value, bar))}`;
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return 'not measured';
  return met ? 'met' : 'MISSED';
}

function showBar(bar: Bar, unit: Unit): string {
  return 'atLeast' in bar ? `≥ ${showValue(bar.atLeast, unit)}` : `≤ ${showValue(bar.atMost, unit)}`;
}

function showValue(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–';
  // Four digits say enough; whole ones are not cut.
  const digits = Math.max(0, Math.min(2, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.01)))));
  const number = value.toLocaleString('en', { maximumFractionDigits: digits });
  return unit === '×' || unit === '/s' || unit === '%' ? `${number}${unit}` : `${number} ${unit}`;
}

function plainTable(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}
