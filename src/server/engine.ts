import { DsageError } from '../model/errors.js';
import type { JobId } from '../model/job.js';
import { fromProblem } from '../wire/errors.js';
import type { Effects, Send } from './core/effects.js';
import type { Event } from './core/events.js';
import type { State } from './core/state.js';
import { evict, transition } from './core/transition.js';
import type { Store } from './store/store.js';

export interface EngineOptions {
  readonly state: State;
  readonly store: Store;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called with each send after its commit, in order. */
  readonly deliver: (send: Send) => void;
  /** Called after the sends of a commit: what was gathered may leave. */
  readonly flush: () => void;
  /** The store could not keep a write, or the core contradicted itself: nothing more can be promised. */
  readonly onFatal: (error: unknown) => void;
}

/** What the monitor shows of the engine's work. */
export interface EngineFigures {
  commits: number;
  lastCommitMs: number;
}

/** What the core says to an event that asked for an answer. */
export interface Reply {
  readonly jobs: readonly JobId[];
  readonly coordinator: { readonly number: number; readonly taskCount: number } | undefined;
}

type Answered = { resolve: (reply: Reply) => void; reject: (error: DsageError) => void };

/** Events that read the store before they are applied: all that came before them must be in it. */
const BARRIERS: ReadonlySet<Event['type']> = new Set<Event['type']>(['job-rerun']);

/**
 * Step 2 of the flow, and the only place where the state changes: one queue of events; all that wait
 * are applied, their writes are one transaction, and only then their sends leave (group commit).
 */
export class Engine {
  readonly state: State;
  readonly store: Store;
  readonly figures: EngineFigures = { commits: 0, lastCommitMs: 0 };
  readonly #options: EngineOptions;
  #waiting: Event[] = [];
  readonly #requests = new Map<number, Answered>();
  #lastRequest = 0;
  #scheduled = false;
  #committing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dead = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.state = options.state;
    this.store = options.store;
  }

  start(): void {
    this.state.lastTickAtMs = this.#options.now();
    this.#timer = setInterval(() => {
      this.post({ type: 'ticked' });
    }, this.state.config.tickMs);
  }

  /** Applies what has come, waits for its commit, and takes no more. Idempotent. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    while ((this.#waiting.length > 0 || this.#committing !== undefined) && !this.#dead) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#committing;
    }
    this.#dead = true;
    this.#rejectRequests();
  }

  /** Takes an event; it is applied with all others that come in this turn of the event loop. */
  post(event: Event): void {
    if (this.#dead) return;
    this.#waiting.push(event);
    this.#schedule();
  }

  /** Posts an event that is answered; rejects with the core's problem. */
  ask(make: (request: number) => Event): Promise<Reply> {
    if (this.#dead) return Promise.reject(stopping());
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#requests.set(request, { resolve, reject });
      this.post(make(request));
    });
  }

  /** Resolves when no commit is under way: then the state says nothing that is not on disk. */
  async settled(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#run();
    });
  }

  #run(): void {
    if (this.#dead || this.#waiting.length === 0) return;
    let effects: Effects;
    try {
      effects = transition(this.state, this.#takeBatch(), this.#options.now());
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (effects.writes.length === 0) {
      this.#afterCommit(effects);
      return;
    }
    const startedAt = performance.now();
    this.#committing = this.store.commit(effects.writes).then(
      () => {
        this.figures.commits += 1;
        this.figures.lastCommitMs = performance.now() - startedAt;
        this.#committing = undefined;
        this.#afterCommit(effects);
      },
      (error: unknown) => {
        this.#committing = undefined;
        this.#fail(error);
      },
    );
  }

  #afterCommit(effects: Effects): void {
    try {
      this.#send(effects);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#waiting.length > 0) this.#schedule();
  }

  #takeBatch(): readonly Event[] {
    const place = this.#waiting.findIndex(({ type }) => BARRIERS.has(type));
    // A barrier is a batch of its own: the store it reads has all that came before.
    const length = place < 0 ? this.#waiting.length : Math.max(place, 1);
    const batch = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    return batch;
  }

  #send(effects: Effects): void {
    evict(this.state, effects.ended);
    for (const send of effects.sends) {
      if (send.type === 'reply') this.#reply(send);
      else this.#options.deliver(send);
    }
    this.#options.flush();
  }

  #reply(send: Extract<Send, { type: 'reply' }>): void {
    const answered = this.#requests.get(send.request);
    this.#requests.delete(send.request);
    if (answered === undefined) return;
    const { problem, jobs = [], coordinator } = send;
    if (problem === undefined) answered.resolve({ jobs, coordinator });
    else answered.reject(fromProblem(problem));
  }

  #fail(error: unknown): void {
    this.#dead = true;
    clearInterval(this.#timer);
    this.#rejectRequests();
    this.#options.onFatal(error);
  }

  #rejectRequests(): void {
    for (const { reject } of this.#requests.values()) reject(stopping());
    this.#requests.clear();
  }
}

function stopping(): DsageError {
  return new DsageError('unavailable', 'The server is stopping.', { hint: 'Try again in a moment.' });
}
