import { isFinal } from '#dsage/model/status.js';
import type { Lease, Outcome } from '#dsage/model/task.js';
import type { Event, JobEnd } from '#dsage/server/core/events.js';

import type { Plan } from './plan.js';
import type { SimServer } from './server.js';
import type { World } from './world.js';

interface Coordinating {
  readonly lease: Lease;
  readonly durationMs: number;
  /** `failed`: this execution throws when its time is over. */
  readonly outcome: Outcome;
  readonly onEnded: (outcome: Outcome) => void;
}

const NO_ANSWER_MS = 1_000;

/**
 * The coordinator of a detached job, in a child process of a worker: takes over the job, adds its tasks, ends it.
 * It knows nothing of those that ran before it but what the server says.
 */
export class SimCoordinator {
  readonly #world: World;
  readonly #about: Coordinating;
  readonly #plan: Plan;
  readonly #endsAtMs: number;
  #number: number | undefined;
  #isOver = false;

  constructor(world: World, about: Coordinating) {
    this.#world = world;
    this.#about = about;
    this.#plan = world.planOfJob(about.lease.job);
    this.#endsAtMs = world.time.nowMs + about.durationMs;
    this.#later(0.3);
  }

  /** Its process ends, or it was told to stop: nothing more is heard of it. */
  cancel(): void {
    this.#isOver = true;
  }

  #later(ms: number): void {
    this.#world.time.after(ms, () => {
      if (!this.#isOver) this.#step();
    });
  }

  #step(): void {
    const { server, time } = this.#world;
    const { pauseMs = 50, end = 'completed' } = this.#plan.coordinator ?? {};
    const state = server?.store.job(this.#about.lease.job)?.state;
    if (server === undefined) this.#later(pauseMs);
    else if (state === undefined || isFinal(state.status)) this.#end('completed');
    else if (this.#number === undefined) this.#takeOver(server);
    else if (this.#number < (state.coordinator ?? 0)) {
      // It was cut off, and another one has taken over meanwhile.
      this.#end('failed');
    } else if (state.taskCount < this.#plan.tasks.length) {
      this.#submit(server, this.#number, state.taskCount, undefined);
      this.#later(pauseMs);
    } else if (time.nowMs < this.#endsAtMs) this.#later(this.#endsAtMs - time.nowMs);
    else if (this.#about.outcome === 'failed') this.#end('failed');
    else if (end === 'returns') this.#end('completed');
    else {
      const said = {
        status: end,
        reason: end === 'failed' ? 'it has no answer' : '',
        result: new Uint8Array(0),
      };
      this.#submit(server, this.#number, state.taskCount, said);
      this.#later(pauseMs);
    }
  }

  #takeOver(server: SimServer): void {
    const { job } = this.#about.lease;
    this.#send(server, () => {
      server.clients.call(
        (request) => ({ type: 'coordinator-came', request, job }),
        ({ coordinator }) => {
          this.#number = coordinator?.number;
        },
      );
    });
    this.#later(NO_ANSWER_MS);
  }

  #submit(server: SimServer, coordinator: number, firstIndex: number, end: JobEnd | undefined): void {
    const { job } = this.#about.lease;
    const { key, tasks } = this.#plan;
    const next = end === undefined && firstIndex < tasks.length ? [`${key}/${String(firstIndex)}`] : [];
    const event: Event = {
      type: 'tasks-submitted',
      ...{ session: `coordinator of ${String(job)}`, connection: 0, seq: 1, target: { job } },
      ...{ owner: '', isAdmin: true, firstIndex, payloads: next.map((text) => Buffer.from(text)) },
      ...{ closed: end !== undefined, coordinator },
      ...(end === undefined ? {} : { end }),
    };
    this.#send(server, () => {
      server.post(event);
    });
  }

  #send(server: SimServer, message: () => void): void {
    this.#world.time.after(this.#world.networkDelay(), () => {
      if (this.#world.server === server) message();
    });
  }

  #end(outcome: Outcome): void {
    this.#isOver = true;
    this.#about.onEnded(outcome);
  }
}
