import type { JobSummary } from '../../../src/model/monitor.js';
import { BAR_WORDS, barShares } from '../format/bar.js';
import { grouped, percent } from '../format/number.js';

type Counted = Pick<JobSummary, 'counts' | 'stuck' | 'taskCount'>;

/** The tasks of a job as one stacked bar; the same in words for who does not see it. */
export function ProgressBar({ job, legend = false }: { readonly job: Counted; readonly legend?: boolean }) {
  const shares = barShares(job);
  const words = shares.map(({ part, count }) => `${grouped(count)} ${BAR_WORDS[part]}`).join(', ');
  return (
    <div class="progress">
      <div class="bar" role="img" aria-label={words === '' ? 'no tasks yet' : words} title={words}>
        {shares.map(({ part, share }) => (
          <span key={part} class={`bar-part part-${part}`} style={{ width: `${100 * share}%` }} />
        ))}
      </div>
      {legend && (
        <ul class="legend">
          {shares.map(({ part, count }) => (
            <li key={part}>
              <span class={`swatch part-${part}`} aria-hidden="true" />
              {grouped(count)} {BAR_WORDS[part]}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function doneText({ counts, taskCount }: Counted): string {
  return `${grouped(counts.completed)} of ${grouped(taskCount)} · ${percent(counts.completed, taskCount)}`;
}

/** How full something is, such as a worker's slots. */
export function Meter({
  part,
  whole,
  label,
}: {
  readonly part: number;
  readonly whole: number;
  readonly label: string;
}) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  return (
    <span class="meter">
      <span class="meter-bar" aria-hidden="true">
        <span class="meter-fill" style={{ width: `${100 * share}%` }} />
      </span>
      <span class="meter-text">{label}</span>
    </span>
  );
}
