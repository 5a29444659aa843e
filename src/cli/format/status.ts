import type { TaskCounts } from '../../model/job.js';
import type { JobStatus } from '../../model/status.js';
import type { Colors } from './table.js';

const COLOR_OF: Readonly<Record<JobStatus, 'green' | 'red' | 'yellow' | 'cyan' | 'dim' | 'magenta'>> = {
  waiting: 'yellow',
  processing: 'cyan',
  completed: 'green',
  failed: 'red',
  killed: 'magenta',
  paused: 'dim',
};

export function statusColor(status: JobStatus, colors: Colors): (text: string) => string {
  return colors[COLOR_OF[status]];
}

/** `12/5000`, and what went wrong: `12/5000, 2 failed`. */
export function progressOf(counts: TaskCounts, taskCount: number): string {
  const { completed, failed, killed } = counts;
  const wrong = [
    failed > 0 ? `, ${String(failed)} failed` : '',
    killed > 0 ? `, ${String(killed)} killed` : '',
  ];
  return `${String(completed)}/${String(taskCount)}${wrong.join('')}`;
}

/** `5 jobs`, `1 job`. */
export function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
