import type { JobId } from '#dsage/model/job.js';
import type { Send } from '#dsage/server/core/effects.js';
import type { Event, ReceivedAnswer } from '#dsage/server/core/events.js';
import { readAnswerRecord, writeAnswerRecord } from '#dsage/wire/packed.js';
import { inlinePayload } from '#dsage/wire/payload.js';
import type { LeaseRun } from '#dsage/worker/core/events.js';
import type { End as WorkerEnd, Outgoing, ProgramSpec } from '#dsage/worker/core/state.js';

import type { Connection, End } from './connection.js';
import type { FromWorker, ToWorker } from './messages.js';
import type { SimServer } from './server.js';

interface WorkerLink {
  readonly connection: number;
  readonly stream: Connection<FromWorker, ToWorker>;
  readonly programs: Set<JobId>;
  worker: number | undefined;
  recordedSeq: number;
}

/** The workers' streams, as the worker hub and service handle them: between messages, and events and sends. */
export class WorkerGate {
  readonly #server: SimServer;
  readonly #heard: (worker: number) => void;
  readonly #links = new Map<number, WorkerLink>();
  #lastConnection = 0;

  constructor(server: SimServer, heard: (worker: number) => void) {
    this.#server = server;
    this.#heard = heard;
  }

  /** A worker opens a stream. */
  accept(stream: () => Connection<FromWorker, ToWorker>): End<FromWorker> {
    this.#lastConnection += 1;
    const connection = this.#lastConnection;
    let link: WorkerLink | undefined;
    const linkOf = () => {
      link ??= { connection, stream: stream(), programs: new Set(), worker: undefined, recordedSeq: 0 };
      return link;
    };
    return {
      process: this.#server,
      onMessage: (message) => {
        this.#links.set(connection, linkOf());
        this.#take(linkOf(), message);
      },
      onClosed: () => {
        this.#links.delete(connection);
        const { worker } = linkOf();
        if (worker !== undefined) this.#server.post({ type: 'worker-disconnected', worker, connection });
      },
    };
  }

  deliver(send: Extract<Send, { readonly worker: number }>): void {
    const link = this.#links.get(send.connection);
    if (link !== undefined) this.#deliverTo(link, send);
  }

  flush(): void {
    for (const link of this.#links.values()) this.#acknowledge(link);
  }

  #acknowledge(link: WorkerLink): void {
    if (link.recordedSeq === 0) return;
    link.stream.sendDown({ type: 'recorded', seq: link.recordedSeq });
    link.recordedSeq = 0;
  }

  #deliverTo(link: WorkerLink, send: Extract<Send, { readonly worker: number }>): void {
    this.#server.log(`sends ${this.#server.world.describe(send)}`);
    switch (send.type) {
      case 'lease':
        // The order is the worker hub's, and it matters.
        this.#acknowledge(link);
        link.stream.sendDown(this.#leases(link, send.runs));
        break;
      case 'acknowledge':
        link.recordedSeq = Math.max(link.recordedSeq, send.seq);
        break;
      case 'welcome':
        link.worker = send.worker;
        link.stream.sendDown({ type: 'registered', worker: send.worker, stale: send.stale });
        break;
      case 'disconnect':
        link.stream.break({ losesNothing: true });
        break;
      case 'kill':
      case 'drain':
        link.stream.sendDown(send);
        break;
      case 'resume':
        link.stream.sendDown({ type: 'resume' });
        break;
    }
  }

  #leases(link: WorkerLink, granted: Extract<Send, { type: 'lease' }>['runs']): ToWorker {
    const programs: ProgramSpec[] = [];
    const runs: LeaseRun[] = [];
    for (const run of granted) {
      const job = this.#server.state.jobs.get(run.job);
      if (job === undefined) continue;
      if (!link.programs.has(run.job)) {
        programs.push(this.#server.world.programOf(job));
        if (job.state.taskCount > 1 || !job.state.closed) link.programs.add(run.job);
      }
      runs.push({ ...run, payloads: this.#server.store.tasks(run.job, run.firstIndex, run.count) });
    }
    return { type: 'leases', programs, runs };
  }

  #take(link: WorkerLink, message: FromWorker): void {
    const { connection, worker } = link;
    if (message.type === 'register') {
      const known = this.#server.store.workerByInstance(message.instance)?.number;
      const { instance, info, held } = message;
      const from = { connection, instance, user: 'machine', role: 'worker' as const, info, held };
      this.#server.post({ type: 'worker-registered', ...from, ...(known === undefined ? {} : { known }) });
      return;
    }
    if (worker === undefined) throw new Error('a worker spoke before it was welcome');
    this.#heard(worker);
    if (message.type === 'renew') {
      const { credit, busySlots, progress, running } = message;
      this.#server.post({
        type: 'worker-renewed',
        worker,
        connection,
        credit,
        busySlots,
        load1: 0,
        freeMemoryMb: 0,
        progress,
        running,
      });
    } else if (message.type === 'draining') {
      this.#server.post({ type: 'worker-draining', worker, connection, stop: message.stop });
    } else if (message.message.type === 'output') {
      const { seq, chunks } = message.message;
      this.#server.post({ type: 'output-received', worker, connection, seq, chunks });
    } else {
      this.#server.post(answersReceived(worker, connection, message.message));
    }
  }
}

function answersReceived(
  worker: number,
  connection: number,
  { seq, ends }: Extract<Outgoing, { type: 'answers' }>,
): Event {
  const batches = ends.map((end) => ({ job: end.lease.job, answers: [received(worker, end)] }));
  return { type: 'answers-received', worker, connection, seq, batches };
}

function received(worker: number, { lease, outcome, record, reason }: WorkerEnd): ReceivedAnswer {
  const times = { startedAtMs: 0, wallUs: 0, cpuUs: 0, peakMemoryKb: 0 };
  const payload = inlinePayload(Buffer.from(reason));
  const written =
    record ??
    writeAnswerRecord({ index: lease.index, attempt: lease.attempt, outcome, worker, ...times, payload });
  const { payload: carried, ...meta } = readAnswerRecord(written);
  return { meta, record: written, payload: carried };
}
