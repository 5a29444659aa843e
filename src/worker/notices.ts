import type { DsageError } from '../model/errors.js';

/** What a program around a worker may want to tell people. */
export type WorkerNotice =
  | { readonly type: 'registered'; readonly worker: number; readonly slots: number; readonly again: boolean }
  /** The worker goes on computing, and tries again after `retryMs`. */
  | { readonly type: 'disconnected'; readonly why: DsageError; readonly retryMs: number }
  /** Nothing new is taken; `held` leases are still to be finished or recorded. */
  | { readonly type: 'draining'; readonly reason: string; readonly held: number }
  /** A drain is over: it takes tasks again. */
  | { readonly type: 'resumed' };

/** How a worker ended. */
export type WorkerEnd =
  /** All it held is finished and recorded by the server. */
  | { readonly type: 'drained'; readonly reason: string }
  /** Somebody called `stop`. */
  | { readonly type: 'stopped' }
  /** The server does not take it. */
  | { readonly type: 'refused'; readonly why: DsageError };
