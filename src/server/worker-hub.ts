import type { ServerDuplexStream } from '@grpc/grpc-js';

import type { JobId } from '../model/job.js';
import type { Identity } from '../model/user.js';
import { ownHello } from '../wire/hello.js';
import { attachmentToMessage, blobToMessage, bufferOf, limitsToMessage } from '../wire/convert.js';
import type { JobProgram, LeaseRun, Leases, WorkRequest, WorkResponse } from '../wire/gen/dsage/v1/worker.js';
import { PackedTasksWriter } from '../wire/packed.js';
import type { Send } from './core/effects.js';
import type { State } from './core/state.js';
import type { LeaseRun as GrantedRun } from './core/writes.js';
import type { Store } from './store/store.js';

type Stream = ServerDuplexStream<WorkRequest, WorkResponse>;
type WorkerSend = Extract<Send, { readonly worker: number }>;

/** One stream of a worker. */
export interface WorkerLink {
  /** Counts streams since the server's start. */
  readonly connection: number;
  readonly identity: Identity;
  readonly stream: Stream;
  /** Jobs whose program this stream has carried. */
  readonly programs: Set<JobId>;
  worker: number | undefined;
  /** Highest message number to acknowledge with the next flush. */
  recordedSeq: number;
}

/** Steps 4 and 6 of the flow, the workers' side: leases, acknowledgements, kills. */
export class WorkerHub {
  readonly #state: State;
  readonly #store: Store;
  readonly #about: { readonly renewMs: number };
  readonly #links = new Map<number, WorkerLink>();
  readonly #acknowledge = new Set<WorkerLink>();
  readonly #packer = new PackedTasksWriter();
  readonly #logRequests = new Map<number, (lines: readonly string[]) => void>();
  #lastConnection = 0;
  #lastLogRequest = 0;

  constructor(state: State, store: Store, about: { readonly renewMs: number }) {
    this.#state = state;
    this.#store = store;
    this.#about = about;
  }

  get links(): Iterable<WorkerLink> {
    return this.#links.values();
  }

  add(stream: Stream, identity: Identity): WorkerLink {
    this.#lastConnection += 1;
    const link: WorkerLink = {
      connection: this.#lastConnection,
      identity,
      stream,
      programs: new Set(),
      worker: undefined,
      recordedSeq: 0,
    };
    this.#links.set(link.connection, link);
    return link;
  }

  remove(link: WorkerLink): void {
    this.#links.delete(link.connection);
    this.#acknowledge.delete(link);
  }

  deliver(send: Send): void {
    if (!('worker' in send)) return;
    const link = this.#links.get(send.connection);
    if (link !== undefined) this.#deliverTo(link, send);
  }

  flush(): void {
    for (const link of this.#acknowledge) this.#acknowledgeTo(link);
  }

  #acknowledgeTo(link: WorkerLink): void {
    if (!this.#acknowledge.delete(link)) return;
    link.stream.write({ message: { $case: 'recorded', value: { seq: link.recordedSeq } } });
  }

  /** Asks a worker for the end of its log; rejects when it is not connected or does not answer in time. */
  readLog(worker: number, lines: number, timeoutMs: number): Promise<readonly string[]> {
    const link = [...this.#links.values()].find((it) => it.worker === worker);
    if (link === undefined) return Promise.resolve([]);
    this.#lastLogRequest += 1;
    const request = this.#lastLogRequest;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#logRequests.delete(request);
        resolve([]);
      }, timeoutMs);
      this.#logRequests.set(request, (answer) => {
        clearTimeout(timer);
        this.#logRequests.delete(request);
        resolve(answer);
      });
      link.stream.write({ message: { $case: 'readLog', value: { request, lines } } });
    });
  }

  logArrived(request: number, lines: readonly string[]): void {
    this.#logRequests.get(request)?.(lines);
  }

  #deliverTo(link: WorkerLink, send: WorkerSend): void {
    switch (send.type) {
      case 'lease':
        // First, since one of these may be a lease that the worker gave back in what is acknowledged: it takes
        // no lease that it still has, and after a restart of the server the attempt may have the same number.
        this.#acknowledgeTo(link);
        link.stream.write({ message: { $case: 'leases', value: this.#leases(link, send.runs) } });
        break;
      case 'acknowledge':
        link.recordedSeq = Math.max(link.recordedSeq, send.seq);
        this.#acknowledge.add(link);
        break;
      case 'kill':
        link.stream.write({
          message: { $case: 'kill', value: { leases: [...send.leases], reason: send.reason } },
        });
        break;
      case 'drain':
        link.stream.write({ message: { $case: 'drain', value: { reason: send.reason, stop: send.stop } } });
        break;
      case 'resume':
        link.stream.write({ message: { $case: 'resume', value: {} } });
        break;
      case 'welcome':
        link.worker = send.worker;
        link.stream.write({
          message: {
            $case: 'registered',
            value: {
              hello: ownHello(),
              worker: send.worker,
              leaseMs: this.#state.config.leaseMs,
              renewMs: this.#about.renewMs,
              stale: [...send.stale],
            },
          },
        });
        break;
      case 'disconnect':
        link.stream.end();
        break;
    }
  }

  #leases(link: WorkerLink, granted: readonly GrantedRun[]): Leases {
    const programs: JobProgram[] = [];
    const runs: LeaseRun[] = [];
    for (const run of granted) {
      // A job that ended between the commit and now: its kill is on the way, and needs no work.
      if (!this.#state.jobs.has(run.job)) continue;
      if (!link.programs.has(run.job)) programs.push(this.#program(link, run.job));
      for (const payload of this.#store.tasks(run.job, run.firstIndex, run.count)) this.#packer.add(payload);
      runs.push({ ...run, packedTasks: this.#packer.take() });
    }
    return { programs, runs };
  }

  #program(link: WorkerLink, id: JobId): JobProgram {
    const job = this.#state.jobs.get(id);
    if (job === undefined) throw new Error(`no program for job ${String(id)}, which is not in the state`);
    // The program of a job of one task is needed once: what was sent is not kept in mind for it.
    if (job.state.taskCount > 1 || !job.state.closed) link.programs.add(id);
    const { spec } = job;
    return {
      job: id,
      owner: job.owner,
      name: spec.name,
      kind: spec.kind,
      evaluator: spec.evaluator,
      limits: limitsToMessage(spec.limits),
      program: bufferOf(spec.program),
      attachments: spec.attachments.map(attachmentToMessage),
      bundle: spec.bundle === undefined ? undefined : blobToMessage(spec.bundle),
      detached: spec.detached ?? false,
    };
  }
}
