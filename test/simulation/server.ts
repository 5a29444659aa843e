import type { JobId } from '#dsage/model/job.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { ClientHub, ClientLink } from '#dsage/server/client-hub.js';
import { check } from '#dsage/server/core/check.js';
import type { Effects, Send } from '#dsage/server/core/effects.js';
import type { Event, ReceivedAnswer } from '#dsage/server/core/events.js';
import type { State } from '#dsage/server/core/state.js';
import { evict, transition } from '#dsage/server/core/transition.js';
import type { Write } from '#dsage/server/core/writes.js';
import { restore } from '#dsage/server/restore.js';
import type { MemoryStore } from '#dsage/server/store/memory.js';
import type { SessionRequest, SessionResponse } from '#dsage/wire/gen/dsage/v1/client.js';
import { readAnswerRecord, readPackedTasks, writeAnswerRecord } from '#dsage/wire/packed.js';
import { inlinePayload } from '#dsage/wire/payload.js';
import type { LeaseRun } from '#dsage/worker/core/events.js';
import type { End as WorkerEnd, Outgoing, ProgramSpec } from '#dsage/worker/core/state.js';

import { Auditor } from './auditor.js';
import type { Connection, End } from './connection.js';
import type { FromClient, FromWorker, Request, ToClient, ToWorker } from './messages.js';
import { Process } from './process.js';
import type { World } from './world.js';

interface WorkerLink {
  readonly connection: number;
  readonly stream: Connection<FromWorker, ToWorker>;
  readonly programs: Set<JobId>;
  worker: number | undefined;
  recordedSeq: number;
}

/** Events that are a batch of their own, as in the engine. */
const BARRIERS: ReadonlySet<Event['type']> = new Set<Event['type']>(['job-rerun']);

/** One life of the server's process: the engine's order of things around the real core, on virtual time. */
export class SimServer extends Process {
  readonly store: MemoryStore;
  readonly state: State;
  readonly #hub: ClientHub;
  readonly #auditor: Auditor;
  readonly #links = new Map<number, WorkerLink>();
  readonly #requests = new Map<number, (ok: boolean) => void>();
  #waiting: Event[] = [];
  #whenSettled: (() => void)[] = [];
  #scheduled = false;
  #committing: Effects | undefined;
  #lastConnection = 0;
  #lastRequest = 0;
  /** End at this commit: before it is on disk, or after it and before anything of it is sent. */
  endAtCommit: 'before' | 'after' | undefined;

  constructor(world: World, store: MemoryStore, life: number) {
    super(world, `server ${String(life)}`);
    this.store = store;
    const { state, writes } = restore(store, world.config.server, world.clockMs);
    this.state = state;
    store.apply(writes);
    check(state);
    this.#hub = new ClientHub(state, store);
    this.#auditor = new Auditor(world, state, store);
    this.log(`starts with ${String(state.jobs.size)} jobs and ${String(state.grants.size)} grants`);
    this.#tickLater();
  }

  post(event: Event): void {
    if (!this.isAlive) return;
    this.#waiting.push(event);
    this.#schedule();
  }

  /** A worker opens a stream. */
  acceptWorker(stream: () => Connection<FromWorker, ToWorker>): End<FromWorker> {
    this.#lastConnection += 1;
    const connection = this.#lastConnection;
    let link: WorkerLink | undefined;
    const linkOf = () => {
      link ??= { connection, stream: stream(), programs: new Set(), worker: undefined, recordedSeq: 0 };
      return link;
    };
    return {
      process: this,
      onMessage: (message) => {
        this.#links.set(connection, linkOf());
        this.#fromWorker(linkOf(), message);
      },
      onClosed: () => {
        this.#links.delete(connection);
        const { worker } = linkOf();
        if (worker !== undefined) this.post({ type: 'worker-disconnected', worker, connection });
      },
    };
  }

  /** A client opens a stream. */
  acceptClient(stream: () => Connection<FromClient, ToClient>): End<FromClient> {
    let link: ClientLink | undefined;
    return {
      process: this,
      onMessage: (message) => {
        if (message.type === 'open') {
          link = this.#openSession(stream(), message);
          stream().sendDown({ type: 'opened' });
        } else if (link !== undefined) {
          this.#fromClient(link, stream(), message);
        }
      },
      onClosed: () => {
        if (link !== undefined) this.#hub.remove(link);
      },
    };
  }

  #tickLater(): void {
    this.after(this.world.config.server.tickMs, () => {
      this.post({ type: 'ticked' });
      this.#tickLater();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing !== undefined) return;
    this.#scheduled = true;
    this.after(this.world.random.delay(0, 2), () => {
      this.#scheduled = false;
      this.#run();
    });
  }

  #run(): void {
    if (this.#waiting.length === 0) return;
    const place = this.#waiting.findIndex(({ type }) => BARRIERS.has(type));
    const batch = this.#waiting.splice(0, place < 0 ? this.#waiting.length : Math.max(place, 1));
    this.world.steps += 1;
    this.#auditor.before(batch);
    const effects = transition(this.state, batch, this.world.clockMs);
    check(this.state);
    this.#auditor.after(effects);
    for (const event of batch) this.log(`takes ${this.world.describe(event)}`);
    if (effects.writes.length === 0) {
      this.#finish(effects);
      return;
    }
    this.#committing = effects;
    if (this.endAtCommit !== undefined) {
      this.world.serverEnds(this.endAtCommit === 'after' ? effects.writes : []);
      return;
    }
    this.after(this.world.random.delay(0.2, this.world.config.commitMs), () => {
      this.apply(effects.writes);
      this.#finish(effects);
    });
  }

  apply(writes: readonly Write[]): void {
    this.#auditor.writes(writes);
    this.store.apply(writes);
  }

  /** What a crash in the middle of a commit may leave on disk: all of it, or nothing. */
  get uncommitted(): readonly Write[] {
    return this.#committing?.writes ?? [];
  }

  #finish(effects: Effects): void {
    this.#committing = undefined;
    evict(this.state, effects.ended);
    check(this.state);
    this.#auditor.committed(effects);
    for (const send of effects.sends) this.#deliver(send);
    this.#flush();
    for (const task of this.#whenSettled.splice(0)) task();
    if (this.#waiting.length > 0) this.#schedule();
  }

  #deliver(send: Send): void {
    if (send.type === 'reply') {
      this.#requests.get(send.request)?.(send.problem === undefined);
      this.#requests.delete(send.request);
    } else if ('worker' in send) {
      const link = this.#links.get(send.connection);
      if (link !== undefined) this.#deliverTo(link, send);
    } else {
      this.#hub.deliver(send);
    }
  }

  #flush(): void {
    for (const link of this.#links.values()) this.#acknowledge(link);
    this.#hub.flush();
  }

  #acknowledge(link: WorkerLink): void {
    if (link.recordedSeq === 0) return;
    link.stream.sendDown({ type: 'recorded', seq: link.recordedSeq });
    link.recordedSeq = 0;
  }

  #deliverTo(link: WorkerLink, send: Extract<Send, { readonly worker: number }>): void {
    this.log(`sends ${this.world.describe(send)}`);
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
    }
  }

  #leases(link: WorkerLink, granted: Extract<Send, { type: 'lease' }>['runs']): ToWorker {
    const programs: ProgramSpec[] = [];
    const runs: LeaseRun[] = [];
    for (const run of granted) {
      const job = this.state.jobs.get(run.job);
      if (job === undefined) continue;
      if (!link.programs.has(run.job)) {
        programs.push(this.world.programOf(job));
        if (job.state.taskCount > 1 || !job.state.closed) link.programs.add(run.job);
      }
      runs.push({ ...run, payloads: this.store.tasks(run.job, run.firstIndex, run.count) });
    }
    return { type: 'leases', programs, runs };
  }

  #fromWorker(link: WorkerLink, message: FromWorker): void {
    const { connection, worker } = link;
    if (message.type === 'register') {
      const known = this.store.workerByInstance(message.instance)?.number;
      const { instance, info, held } = message;
      const from = { connection, instance, user: 'machine', role: 'worker' as const, info, held };
      this.post({ type: 'worker-registered', ...from, ...(known === undefined ? {} : { known }) });
      return;
    }
    if (worker === undefined) throw new Error('a worker spoke before it was welcome');
    this.#auditor.heard(worker);
    if (message.type === 'renew') {
      const { credit, busySlots } = message;
      this.post({ type: 'worker-renewed', worker, connection, credit, busySlots, load1: 0, freeMemoryMb: 0 });
    } else if (message.type === 'draining') {
      this.post({ type: 'worker-draining', worker, connection });
    } else if (message.message.type === 'output') {
      const { seq, chunks } = message.message;
      this.post({ type: 'output-received', worker, connection, seq, chunks });
    } else {
      this.post(answersReceived(worker, connection, message.message));
    }
  }

  #openSession(
    stream: Connection<FromClient, ToClient>,
    { session, owner }: Extract<FromClient, { type: 'open' }>,
  ): ClientLink {
    const identity = { role: 'user' as const, name: owner, serial: '' };
    const about = { session, identity, host: '', pid: 0, packageVersion: '', now: this.world.clockMs };
    const link = new ClientLink(this.#streamFor(stream), about);
    this.#hub.add(link);
    return link;
  }

  /** Takes what the hub writes; now and then it is full, and asks for more a moment later. */
  #streamFor(
    connection: Connection<FromClient, ToClient>,
  ): ServerDuplexStream<SessionRequest, SessionResponse> {
    const drains: (() => void)[] = [];
    const stream = {
      on: (event: string, listener: () => void) => {
        if (event === 'drain') drains.push(listener);
      },
      write: (response: SessionResponse) => {
        connection.sendDown({ type: 'response', response });
        if (!this.world.random.chance(0.1)) return true;
        this.after(this.world.random.delay(1, 50), () => {
          for (const drain of drains) drain();
        });
        return false;
      },
      end: () => {
        connection.break({ losesNothing: true });
      },
    };
    return stream as unknown as ServerDuplexStream<SessionRequest, SessionResponse>;
  }

  #fromClient(link: ClientLink, stream: Connection<FromClient, ToClient>, message: FromClient): void {
    const { session, connection, identity } = link;
    switch (message.type) {
      case 'open':
        break;
      case 'jobs':
        for (const { job, spec } of message.jobs) {
          if (job.watch) link.watchSeqs.add(job.seq);
          const known = this.store.submission(session, job.seq);
          const record = known === undefined ? undefined : this.store.job(known);
          const repeat = { job: known ?? 0, taskCount: record?.state.taskCount ?? 0 };
          this.post({
            type: 'job-submitted',
            ...{ session, connection, seq: job.seq, owner: identity.name, spec, closed: job.closed },
            payloads: readPackedTasks(job.packedTasks, job.taskCount),
            ...(known === undefined ? {} : { repeatOf: repeat }),
          });
        }
        break;
      case 'tasks': {
        const { target, firstIndex, packedTasks, taskCount, closed } = message.tasks;
        if (target?.$case !== 'seq')
          throw new Error('the simulated client names its jobs by its own numbers');
        const payloads = readPackedTasks(packedTasks, taskCount);
        const from = { session, connection, seq: target.value, owner: identity.name, isAdmin: false };
        this.post({
          type: 'tasks-submitted',
          ...from,
          target: { seq: from.seq },
          firstIndex,
          payloads,
          closed,
        });
        break;
      }
      case 'watch':
        this.#settled(() => {
          for (const { job, from } of message.jobs) {
            const exists = this.state.jobs.has(job) || this.store.job(job) !== undefined;
            if (exists) this.#hub.watch(link, job, { from, statusOnly: false, isNew: false });
            else this.#hub.tellMissing(link, job, 'There is no such job.');
          }
          this.#hub.flush();
        });
        break;
      case 'unwatch':
        for (const job of message.jobs) this.#hub.unwatch(link, job);
        break;
      case 'request':
        this.#lastRequest += 1;
        this.#requests.set(this.#lastRequest, (ok) => {
          stream.sendDown({ type: 'reply', ok, answered: message.answered });
        });
        this.post(this.#eventOf(message.request, this.#lastRequest));
        break;
    }
  }

  #settled(task: () => void): void {
    if (this.#committing === undefined) task();
    else this.#whenSettled.push(task);
  }

  #eventOf(asked: Request, request: number): Event {
    switch (asked.type) {
      case 'kill-job':
        return { type: 'jobs-killed', request, jobs: [asked.job], reason: 'a client asked for it' };
      case 'kill-tasks': {
        const { job, indexes } = asked;
        return { type: 'tasks-killed', request, job, indexes, reason: 'a client asked for it' };
      }
      case 'pause':
        return { type: 'jobs-paused', request, jobs: [asked.job] };
      case 'resume':
        return { type: 'jobs-resumed', request, jobs: [asked.job] };
      case 'priority':
        return { type: 'priority-set', request, jobs: [asked.job], priority: asked.priority };
      case 'forget':
        return { type: 'jobs-forgotten', request, jobs: [asked.job] };
      case 'drain': {
        const { worker, stop } = asked;
        return { type: 'drain-asked', request, worker, stop, reason: 'a client asked for it' };
      }
      case 'rerun': {
        const { job, onlyFailed } = asked;
        const read = () => {
          const record = this.store.job(job);
          return record === undefined ? undefined : { record, ends: this.store.ends(job, 0) };
        };
        return { type: 'job-rerun', request, job, onlyFailed, read };
      }
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
