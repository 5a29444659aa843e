import type { JobStatus } from '../../../src/model/status.js';

/** A shape for each status besides its colour. */
const STATUS_ICONS: Readonly<Record<JobStatus, string>> = {
  waiting: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3.2l2.2 1.4',
  processing: 'M5 3.2l7.5 4.8L5 12.8z',
  completed: 'M3 8.6l3.3 3.4L13 4.6',
  failed: 'M4 4l8 8M12 4l-8 8',
  killed: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 4.2l7.6 7.6',
  paused: 'M5.5 3.5v9M10.5 3.5v9',
};

export function StatusIcon({ status }: { readonly status: JobStatus }) {
  return (
    <svg class={`icon status-${status}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={STATUS_ICONS[status]} class={status === 'processing' ? 'filled' : ''} />
    </svg>
  );
}

export function Status({ status }: { readonly status: JobStatus }) {
  return (
    <span class={`status status-${status}`}>
      <StatusIcon status={status} />
      {status}
    </span>
  );
}
