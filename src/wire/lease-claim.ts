import { Metadata } from '@grpc/grpc-js';

import type { Attempt, JobId } from '../model/job.js';

/** A coordinator on a worker speaks for its job's owner: each of its calls names the lease that it runs under. */
export interface LeaseClaim {
  /** The UUID of the worker that holds the lease. */
  readonly instance: string;
  readonly job: JobId;
  readonly attempt: Attempt;
}

const KEY = 'dsage-lease';

export function claimMetadata({ instance, job, attempt }: LeaseClaim): Metadata {
  const metadata = new Metadata();
  metadata.set(KEY, `${instance}/${job}/${attempt}`);
  return metadata;
}

/** What a call claims; undefined for one that claims nothing. What cannot be read claims a lease that nobody has. */
export function claimIn(metadata: Metadata): LeaseClaim | undefined {
  const [text] = metadata.get(KEY);
  if (text === undefined) return undefined;
  const [instance = '', job, attempt] = text.toString().split('/');
  return { instance, job: Number(job), attempt: Number(attempt) };
}
