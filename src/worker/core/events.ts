import type { BlobRef, JobId, Payload } from '../../model/job.js';
import type { Lease, Outcome } from '../../model/task.js';
import type { WorkerNumber } from '../../model/worker.js';
import type { TaskProgress } from './progress.js';
import type { RunningTask } from './starts.js';
import type { Held, Outgoing, Program, ProgramSpec } from './state.js';

/** Consecutive tasks of one job, leased at the same attempt number. */
export interface LeaseRun {
  readonly job: JobId;
  readonly firstIndex: number;
  readonly attempt: number;
  readonly payloads: readonly Payload[];
  /** The inputs that are blobs, by their place in `payloads`. */
  readonly inputs?: ReadonlyMap<number, BlobRef>;
}

/** What a slot tells of one of its leases. All reports of one turn of the event loop come in one event. */
export type Report =
  | {
      readonly type: 'ended';
      readonly slot: number;
      readonly lease: Lease;
      readonly outcome: Outcome;
      readonly record: Uint8Array;
    }
  /** Its answer is too large for a message: the shell stores it as a blob and reports `answer-stored`. */
  | { readonly type: 'ended-large'; readonly slot: number; readonly lease: Lease }
  | {
      readonly type: 'output';
      readonly slot: number;
      readonly lease: Lease;
      readonly stderr: boolean;
      readonly data: Uint8Array;
    }
  /** The task that runs says how far it is, from 0 to 1. */
  | { readonly type: 'progress'; readonly slot: number; readonly lease: Lease; readonly fraction: number };

export type AgentEvent =
  /** A stream is open; nothing has been said on it. */
  | { readonly type: 'stream-opened' }
  | {
      readonly type: 'registered';
      readonly worker: WorkerNumber;
      readonly renewMs: number;
      /** Held attempts that are no longer this worker's. */
      readonly stale: readonly Lease[];
    }
  | { readonly type: 'disconnected' }
  | {
      readonly type: 'leases-received';
      readonly programs: readonly ProgramSpec[];
      readonly runs: readonly LeaseRun[];
    }
  /** Everything up to and including `seq` is committed. */
  | { readonly type: 'answers-recorded'; readonly seq: number }
  | { readonly type: 'kill-received'; readonly leases: readonly Lease[]; readonly reason: string }
  | {
      readonly type: 'drain-received';
      readonly reason: string;
      readonly stop: boolean;
      /** The server asks for it, or has heard that this worker drains: it sends no more leases on this stream. */
      readonly isFromServer?: boolean;
    }
  /** The server ends a drain, and may send leases again. */
  | { readonly type: 'resume-received' }
  | { readonly type: 'slots-reported'; readonly reports: readonly Report[] }
  | {
      readonly type: 'answer-stored';
      readonly lease: Lease;
      readonly outcome: Outcome;
      readonly record: Uint8Array;
    }
  | { readonly type: 'answer-not-stored'; readonly lease: Lease; readonly reason: string }
  | { readonly type: 'program-fetched'; readonly job: JobId }
  | { readonly type: 'program-failed'; readonly job: JobId; readonly reason: string }
  | { readonly type: 'input-fetched'; readonly lease: Lease }
  | { readonly type: 'input-failed'; readonly lease: Lease; readonly reason: string }
  /** A blob that was fetched is no longer on this machine. */
  | { readonly type: 'blob-evicted'; readonly sha256: string }
  /** The time that `nextWake` named has come, and what the slots had said until then has been reported. */
  | { readonly type: 'woke' };

export type Effect =
  /** Open the conversation on a new stream: say who we are and what we hold. */
  | { readonly type: 'register'; readonly held: readonly Lease[] }
  | { readonly type: 'send'; readonly message: Outgoing }
  | {
      readonly type: 'renew';
      readonly credit: number;
      readonly busySlots: number;
      readonly progress: readonly TaskProgress[];
      readonly running: readonly RunningTask[];
    }
  | { readonly type: 'announce-drain'; readonly reason: string; readonly stop: boolean }
  /** Close the stream and open another one, so that the server sends what this worker lacks. */
  | { readonly type: 'reconnect'; readonly reason: string }
  /** Give the slot these leases, after those that it has. */
  | {
      readonly type: 'run';
      readonly slot: number;
      readonly program: Program;
      readonly leases: readonly Held[];
    }
  /** Take these leases, which have not started, out of the slot. */
  | { readonly type: 'revoke'; readonly slot: number; readonly leases: readonly Held[] }
  | { readonly type: 'kill'; readonly slot: number; readonly lease: Held; readonly reason: string }
  /** Answer with `program-fetched` or `program-failed`. */
  | { readonly type: 'fetch-program'; readonly program: ProgramSpec }
  /** Answer with `input-fetched` or `input-failed`. */
  | { readonly type: 'fetch-input'; readonly lease: Lease; readonly blob: BlobRef }
  /** Store the answer of a lease that reported `ended-large`, then answer with `answer-stored` or `answer-not-stored`. */
  | { readonly type: 'store-answer'; readonly lease: Lease }
  | { readonly type: 'forget-program'; readonly job: JobId }
  /** Drained: nothing is held any more. */
  | { readonly type: 'drained'; readonly reason: string; readonly stop: boolean };
