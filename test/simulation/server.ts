import { check } from '#dsage/server/core/check.js';
import type { Effects, Send } from '#dsage/server/core/effects.js';
import type { Event } from '#dsage/server/core/events.js';
import type { State } from '#dsage/server/core/state.js';
import { evict, transition } from '#dsage/server/core/transition.js';
import type { Write } from '#dsage/server/core/writes.js';
import { restore } from '#dsage/server/restore.js';
import type { MemoryStore } from '#dsage/server/store/memory.js';

import { Auditor } from './auditor.js';
import { ClientGate } from './client-gate.js';
import { Process } from './process.js';
import { WorkerGate } from './worker-gate.js';
import type { World } from './world.js';

/** Events that are a batch of their own, as in the engine. */
const BARRIERS: ReadonlySet<Event['type']> = new Set<Event['type']>(['job-rerun']);

/** One life of the server's process: the engine's order of things around the real core, on virtual time. */
export class SimServer extends Process {
  readonly store: MemoryStore;
  readonly state: State;
  readonly workers: WorkerGate;
  readonly clients: ClientGate;
  readonly #auditor: Auditor;
  #waiting: Event[] = [];
  #whenSettled: (() => void)[] = [];
  #scheduled = false;
  #committing: Effects | undefined;
  /** End at this commit: before it is on disk, or after it and before anything of it is sent. */
  endAtCommit: 'before' | 'after' | undefined;

  constructor(world: World, store: MemoryStore, life: number) {
    super(world, `server ${String(life)}`);
    this.store = store;
    const { state, writes } = restore(store, world.config.server, world.clockMs);
    this.state = state;
    store.apply(writes);
    check(state);
    this.#auditor = new Auditor(world, state, store);
    this.workers = new WorkerGate(this, (worker) => {
      this.#auditor.heard(worker);
    });
    this.clients = new ClientGate(this);
    this.log(`starts with ${String(state.jobs.size)} jobs and ${String(state.grants.size)} grants`);
    this.#tickLater();
  }

  post(event: Event): void {
    if (!this.isAlive) return;
    this.#waiting.push(event);
    this.#schedule();
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

  /** Runs `task` when no commit is under way. */
  settled(task: () => void): void {
    if (this.#committing === undefined) task();
    else this.#whenSettled.push(task);
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
    this.workers.flush();
    this.clients.hub.flush();
    for (const task of this.#whenSettled.splice(0)) task();
    if (this.#waiting.length > 0) this.#schedule();
  }

  #deliver(send: Send): void {
    if (send.type === 'reply') {
      this.clients.reply(send);
    } else if ('worker' in send) {
      this.workers.deliver(send);
    } else {
      this.clients.hub.deliver(send);
    }
  }
}
