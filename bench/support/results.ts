import { median } from './stats.js';

export type Unit = '/s' | 'ms' | 's' | 'MiB' | 'MB' | 'kB' | '% of a core' | '%' | '×';

/** What a figure must reach. */
export type Bar = { readonly atLeast: number } | { readonly atMost: number };

/** One line of a table: a figure of one system, from one or several runs. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  /** One value a run; the median stands for them. */
  readonly values: readonly number[];
  readonly bar?: Bar;
  /** Why there are no values, such as a peer that is not installed. */
  readonly missing?: string;
  /** How ours compares with this one's: how many times as good. */
  readonly ratio?: { readonly value: number; readonly bar?: Bar };
}

/** What one benchmark found. */
export interface Report {
  readonly title: string;
  /** How it was measured, in a sentence or two. */
  readonly note: string;
  readonly rows: readonly Row[];
}

/** Adds to the rows of peers how many times as good our figure is. Below, `bars` of a row by its `what`. */
export function compared(ours: Row, peers: readonly Row[], bars: Readonly<Record<string, Bar>> = {}): Row[] {
  const isTime = ours.unit === 'ms' || ours.unit === 's';
  return peers.map((peer) => {
    const bar = bars[peer.what];
    const quotient = median(ours.values) / median(peer.values);
    const value = isTime ? 1 / quotient : quotient;
    return { ...peer, ratio: { value, ...(bar === undefined ? {} : { bar }) } };
  });
}

/** Whether a figure reaches its bar; undefined when there is no figure. */
export function isMet(value: number, bar: Bar): boolean | undefined {
  if (Number.isNaN(value)) return undefined;
  return 'atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost;
}
