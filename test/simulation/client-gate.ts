import type { ServerDuplexStream } from '@grpc/grpc-js';

import { ClientHub, ClientLink } from '#dsage/server/client-hub.js';
import type { Send } from '#dsage/server/core/effects.js';
import type { Event } from '#dsage/server/core/events.js';
import type { SessionRequest, SessionResponse } from '#dsage/wire/gen/dsage/v1/client.js';
import { readPackedTasks } from '#dsage/wire/packed.js';

import type { Connection, End } from './connection.js';
import type { FromClient, Request, ToClient } from './messages.js';
import type { SimServer } from './server.js';

type Reply = Extract<Send, { readonly type: 'reply' }>;

/** The clients' streams: the real hub, with what the client service does around it. */
export class ClientGate {
  readonly hub: ClientHub;
  readonly #server: SimServer;
  readonly #requests = new Map<number, (reply: Reply) => void>();
  #lastRequest = 0;

  constructor(server: SimServer) {
    this.#server = server;
    this.hub = new ClientHub(server.state, server.store);
  }

  reply(reply: Reply): void {
    this.#requests.get(reply.request)?.(reply);
    this.#requests.delete(reply.request);
  }

  /** Posts an event that is answered; never, when the server ends before. */
  call(make: (request: number) => Event, answered: (reply: Reply) => void): void {
    this.#lastRequest += 1;
    this.#requests.set(this.#lastRequest, answered);
    this.#server.post(make(this.#lastRequest));
  }

  /** A client opens a stream. */
  accept(stream: () => Connection<FromClient, ToClient>): End<FromClient> {
    let link: ClientLink | undefined;
    return {
      process: this.#server,
      onMessage: (message) => {
        if (message.type === 'open') {
          link = this.#openSession(stream(), message);
          stream().sendDown({ type: 'opened' });
        } else if (link !== undefined) {
          this.#take(link, stream(), message);
        }
      },
      onClosed: () => {
        if (link !== undefined) this.hub.remove(link);
      },
    };
  }

  #openSession(
    stream: Connection<FromClient, ToClient>,
    { session, owner }: Extract<FromClient, { type: 'open' }>,
  ): ClientLink {
    const identity = { role: 'user' as const, name: owner, serial: '' };
    const about = {
      id: session,
      identity,
      host: '',
      pid: 0,
      packageVersion: '',
      now: this.#server.world.clockMs,
    };
    const link = new ClientLink(this.#streamFor(stream), about);
    this.hub.add(link);
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
        if (!this.#server.world.random.chance(0.1)) return true;
        this.#server.after(this.#server.world.random.delay(1, 50), () => {
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

  #take(link: ClientLink, stream: Connection<FromClient, ToClient>, message: FromClient): void {
    const { session, connection, identity } = link;
    switch (message.type) {
      case 'open':
        break;
      case 'jobs':
        for (const { job, spec } of message.jobs) {
          if (job.watch) link.watchSeqs.add(job.seq);
          const known = this.#server.store.submission(session, job.seq);
          const record = known === undefined ? undefined : this.#server.store.job(known);
          const repeat = { job: known ?? 0, taskCount: record?.state.taskCount ?? 0 };
          this.#server.post({
            type: 'job-submitted',
            ...{ session, connection, seq: job.seq, owner: identity.name, spec, closed: job.closed },
            payloads: readPackedTasks(job.packedTasks, job.taskCount),
            ...(known === undefined ? {} : { repeatOf: repeat }),
            ...(spec.after === undefined ? {} : { naming: { isAdmin: false, readJob: this.#readJob } }),
          });
        }
        break;
      case 'tasks': {
        const { target, firstIndex, packedTasks, taskCount, closed } = message.tasks;
        if (target?.$case !== 'seq')
          throw new Error('the simulated client names its jobs by its own numbers');
        const payloads = readPackedTasks(packedTasks, taskCount);
        const from = { session, connection, seq: target.value, owner: identity.name, isAdmin: false };
        this.#server.post({
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
        this.#server.settled(() => {
          for (const { job, from } of message.jobs) {
            const exists = this.#server.state.jobs.has(job) || this.#server.store.job(job) !== undefined;
            if (exists) this.hub.watch(link, job, { from, statusOnly: false, isNew: false });
            else this.hub.tellMissing(link, job, 'There is no such job.');
          }
          this.hub.flush();
        });
        break;
      case 'request':
        this.call(
          (request) => this.#eventOf(message.request, request),
          ({ problem }) => {
            stream.sendDown({ type: 'reply', ok: problem === undefined, answered: message.answered });
          },
        );
        break;
    }
  }

  readonly #readJob = (job: number) => this.#server.store.job(job);

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
      case 'resume-worker':
        return { type: 'resume-asked', request, worker: asked.worker };
      case 'remove-worker':
        return { type: 'remove-asked', request, worker: asked.worker, reason: 'a client asked for it' };
      case 'rerun': {
        const { job, onlyFailed } = asked;
        const read = () => {
          const record = this.#server.store.job(job);
          return record === undefined ? undefined : { record, ends: this.#server.store.ends(job, 0) };
        };
        return { type: 'job-rerun', request, job, onlyFailed, read, readJob: this.#readJob };
      }
    }
  }
}
