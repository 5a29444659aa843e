import type { JobId } from '../model/job.js';
import { failureMessage } from './failure-message.js';
import type { Store } from './store/store.js';

/** Of a job with more tasks only these are looked at. */
const MOST_ENDS = 1_000;

/** What the first of a job's failed tasks says happened, with its index; empty when there is none among the first tasks. */
export function whyFailed(store: Store, job: JobId): string {
  let looked = 0;
  for (const end of store.ends(job, 0)) {
    if (end.status === 'failed') {
      const last = store.failures(job, end.index).at(-1);
      return last === undefined ? '' : `task ${end.index}: ${failureMessage(last.failure)}`;
    }
    looked += 1;
    if (looked === MOST_ENDS) break;
  }
  return '';
}
