import { performance } from 'node:perf_hooks';

import { nextWake, step } from './core/agent.js';
import type { AgentEvent, Effect, Report } from './core/events.js';
import { initialState, type AgentState } from './core/state.js';

/** The shortest sleep: a core that asks to be woken at once must not keep the event loop busy. */
const MIN_SLEEP_MS = 1;

/**
 * Drives the core: one event after the other, what the slots report in one turn of the event loop together,
 * and `woke` when the core asked for it. It sleeps in between.
 */
export class Reactor {
  readonly state: AgentState;
  readonly #perform: (effect: Effect) => void;
  readonly #events: AgentEvent[] = [];
  #reports: Report[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Infinity;
  #busy = false;
  #stopped = false;

  constructor(
    { slots, coordinators }: { readonly slots: number; readonly coordinators: number },
    perform: (effect: Effect) => void,
  ) {
    this.state = initialState(slots, coordinators);
    this.#perform = perform;
  }

  /** Also safe inside the performing of an effect: the event then waits for its turn. */
  dispatch(event: AgentEvent): void {
    if (this.#stopped) return;
    // What the slots have said comes first: a decision must not rest on what they were before.
    this.#takeReports();
    this.#events.push(event);
    this.#run();
  }

  report(report: Report): void {
    this.#reports.push(report);
    this.#flushing ??= setImmediate(() => {
      this.#flushing = undefined;
      this.#takeReports();
      this.#run();
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#flushing);
  }

  #takeReports(): void {
    if (this.#reports.length === 0) return;
    this.#events.push({ type: 'slots-reported', reports: this.#reports });
    this.#reports = [];
  }

  #run(): void {
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#apply(next);
    } finally {
      this.#busy = false;
    }
    this.#setTimer();
  }

  #apply(event: AgentEvent): void {
    for (const effect of step(this.state, event, performance.now())) this.#perform(effect);
  }

  #setTimer(): void {
    const now = performance.now();
    const wakeAt = nextWake(this.state, now);
    // A timer that is too early costs one empty step; setting it anew at every step costs more.
    if (this.#stopped || wakeAt === Infinity || this.#wakeAt <= wakeAt) return;
    clearTimeout(this.#timer);
    this.#wakeAt = wakeAt;
    this.#timer = setTimeout(
      () => {
        this.#wakeAt = Infinity;
        // Timers go before pipes: after a pause of this process, what the slots wrote meanwhile is still unread.
        setImmediate(() => {
          this.dispatch({ type: 'woke' });
        });
      },
      Math.max(MIN_SLEEP_MS, Math.ceil(wakeAt - now)),
    );
  }
}
