import type { History } from '../../../model/monitor.js';

const SECONDS = 600;
const STEP_MS = 1_000;

/** What a second was like. */
export interface Second {
  readonly tasks: number;
  readonly busySlots: number;
  readonly slots: number;
}

/** The last ten minutes, second by second. */
export class HistoryRing {
  readonly #seconds: Second[] = [];
  #endMs = 0;

  /** Seconds that nobody counted, as while the process stood still, have no tasks and the slots that come after. */
  add(second: Second, nowMs: number): void {
    const missed = this.#endMs === 0 ? 0 : Math.round((nowMs - this.#endMs) / STEP_MS) - 1;
    for (let count = Math.min(missed, SECONDS); count > 0; count -= 1)
      this.#seconds.push({ ...second, tasks: 0 });
    this.#seconds.push(second);
    this.#seconds.splice(0, this.#seconds.length - SECONDS);
    this.#endMs = nowMs;
  }

  read(): History {
    return {
      endMs: this.#endMs,
      stepMs: STEP_MS,
      tasksPerSecond: this.#seconds.map(({ tasks }) => tasks),
      busySlots: this.#seconds.map(({ busySlots }) => busySlots),
      slots: this.#seconds.map(({ slots }) => slots),
    };
  }
}
