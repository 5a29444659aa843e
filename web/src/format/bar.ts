import type { JobSummary } from '../../../src/model/monitor.js';

export type BarPart = 'completed' | 'processing' | 'waiting' | 'stuck' | 'failed' | 'killed';

export interface BarShare {
  readonly part: BarPart;
  readonly count: number;
  /** Of the whole bar, from 0 to 1; all of them are 1 together. */
  readonly share: number;
}

/** What is a thousandth of the bar would not be seen: a part that is there is at least this wide. */
const LEAST_SHARE = 0.006;

const ORDER: readonly BarPart[] = ['completed', 'processing', 'failed', 'killed', 'stuck', 'waiting'];

/** The parts of a job's bar, left to right; those that are empty are left out. */
export function barShares({ counts, stuck }: Pick<JobSummary, 'counts' | 'stuck'>): BarShare[] {
  const held = Math.min(Math.max(0, stuck), counts.waiting);
  const sizes: Readonly<Record<BarPart, number>> = {
    completed: counts.completed,
    processing: counts.processing,
    failed: counts.failed,
    killed: counts.killed,
    stuck: held,
    waiting: counts.waiting - held,
  };
  const parts = ORDER.filter((part) => sizes[part] > 0);
  const whole = parts.reduce((sum, part) => sum + sizes[part], 0);
  const widened = parts.map((part) => Math.max(LEAST_SHARE, sizes[part] / whole));
  const total = widened.reduce((sum, share) => sum + share, 0);
  return parts.map((part, at) => ({ part, count: sizes[part], share: (widened[at] ?? 0) / total }));
}

export const BAR_WORDS: Readonly<Record<BarPart, string>> = {
  completed: 'completed',
  processing: 'processing',
  failed: 'failed',
  killed: 'killed',
  stuck: 'nothing can run',
  waiting: 'waiting',
};
