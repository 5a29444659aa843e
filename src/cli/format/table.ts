import Table from 'cli-table3';
import pc from 'picocolors';

import type { Look } from '../io.js';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number;
  readonly align?: 'right';
  /** May be cut when the terminal is too narrow; the widest of these goes first. */
  readonly shrinks?: boolean;
  /** Left out when it is empty in every row. */
  readonly optional?: boolean;
  readonly color?: (row: Row, colors: Colors) => (text: string) => string;
}

export type Colors = ReturnType<typeof pc.createColors>;

const GAP = 2;
const MIN_WIDTH = 6;

/** No lines, blanks between columns: it reads well, and awk can take it apart. */
const NO_LINES = {
  ...Object.fromEntries(
    ['top', 'bottom', 'left', 'right', 'mid']
      .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
      .map((name) => [name, '']),
  ),
  ...{ 'left-mid': '', 'mid-mid': '', 'right-mid': '', middle: ' '.repeat(GAP) },
};

/** A table for people that fits the terminal; without rows only `empty`. Ends with a line's end. */
export function table<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  { look, empty }: { readonly look: Look; readonly empty: string },
): string {
  if (rows.length === 0) return `${empty}\n`;
  const colors = pc.createColors(look.colors);
  const columns = all.filter(
    ({ optional, value }) => optional !== true || rows.some((row) => value(row) !== ''),
  );
  const texts = rows.map((row) => columns.map(({ value }) => oneLine(String(value(row)))));
  const widths = fit(columns, texts, look.width);
  const drawn = new Table({
    head: columns.map(({ title }) => colors.dim(title)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: widths,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    chars: NO_LINES,
  });
  for (const [place, row] of rows.entries()) {
    drawn.push(
      columns.map((column, at) => {
        const text = cut(texts[place]?.[at] ?? '', widths[at] ?? 0);
        return column.color?.(row, colors)(text) ?? text;
      }),
    );
  }
  const lines = drawn.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Names and values under each other. */
export function facts(entries: readonly (readonly [string, string | number])[], look: Look): string {
  const colors = pc.createColors(look.colors);
  const width = Math.max(...entries.map(([name]) => name.length));
  const lines = entries.map(([name, value]) => `${colors.dim(name.padEnd(width))}  ${String(value)}`);
  return `${lines.join('\n')}\n`;
}

function fit<Row>(
  columns: readonly Column<Row>[],
  texts: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...texts.map((row) => (row[at] ?? '').length)),
  );
  const gaps = GAP * (columns.length - 1);
  let excess = widths.reduce((sum, it) => sum + it, gaps) - width;
  while (excess > 0) {
    const candidates = widths
      .map((it, at) => ({ it, at }))
      .filter(({ it, at }) => columns[at]?.shrinks === true && it > MIN_WIDTH);
    const widest = candidates.sort((a, b) => b.it - a.it)[0];
    if (widest === undefined) break;
    widths[widest.at] = widest.it - 1;
    excess -= 1;
  }
  return widths;
}

export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** What users name their jobs must not move the cursor. */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
