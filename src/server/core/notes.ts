import { isFinal } from '../../model/status.js';
import type { Effects } from './effects.js';
import type { JobNoted } from './events.js';
import type { State } from './state.js';

/** So many characters of a note are kept: it is one line in a table. */
const MAX_NOTE = 500;

/**
 * Keeps what a job says of itself, of its owner's present coordinator alone. It is not written: after a restart of the
 * server the coordinator says it again.
 */
export function jobNoted(state: State, event: JobNoted, effects: Effects): void {
  const job = state.jobs.get(event.job);
  if (job === undefined || isFinal(job.state.status) || job.owner !== event.owner) return;
  if (event.coordinator !== (job.state.coordinator ?? 0)) return;
  const note = event.text.slice(0, MAX_NOTE);
  const fraction = event.fraction >= 0 ? Math.min(1, event.fraction) : -1;
  if (note === job.note && fraction === job.fraction) return;
  job.note = note;
  job.fraction = fraction;
  effects.sends.push({ type: 'announce-note', job: job.id });
}
