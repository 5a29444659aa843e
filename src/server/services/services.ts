import type { Logger } from '../../log/log.js';
import type { BlobStore } from '../../blobs/blob-store.js';
import type { JobId } from '../../model/job.js';
import type { Identity } from '../../model/user.js';
import type { ClientHub } from '../client-hub.js';
import type { Engine } from '../engine.js';
import type { Throughput } from '../throughput.js';
import type { Users } from '../users.js';
import type { Views } from '../views.js';
import type { WorkerHub } from '../worker-hub.js';
import type { OutputHub } from '../output-hub.js';

/** What the handlers stand on. They decode, call one of these, and encode; they decide nothing. */
export interface Services {
  readonly engine: Engine;
  readonly views: Views;
  readonly users: Users;
  readonly clients: ClientHub;
  readonly workers: WorkerHub;
  readonly outputs: OutputHub;
  readonly blobs: BlobStore;
  readonly log: Logger;
  readonly throughput: Throughput;
  readonly startedAtMs: number;
  readonly cluster: string;
  readonly now: () => number;
  readonly webUrl: () => string;
  /** A link that lets its holder into the monitor as the caller, once. */
  readonly createWebLogin: (caller: Identity) => string;
  readonly readOwnLog: (lines: number) => Promise<readonly string[]>;
  /** Drains and stops the server, after the answer to this call has left. */
  readonly stopSoon: (options: { readonly workersToo: boolean }) => void;
  /** A finished job of this submission: the repeat of one that was accepted long ago. */
  readonly submitted: (
    session: string,
    seq: number,
  ) => { readonly job: JobId; readonly taskCount: number } | undefined;
}
