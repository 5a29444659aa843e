import type { EndingCause } from './ending.js';
import type { Entry } from './entry.js';
import { residentKb } from './resident.js';
import type { TaskChild } from './task-child.js';

const LOOK_EVERY_MS = 200;

/** What is watched: the task that runs, and its child. */
export interface Watched {
  readonly entry: Entry;
  readonly child: TaskChild;
}

/**
 * Watches the limits of the task that runs. Timers are not made per task: one for the nearest time limit, and
 * one that looks at the memory for as long as there is something to look at.
 */
export class LimitWatch {
  readonly #current: () => Watched | undefined;
  readonly #onExceeded: (entry: Entry, cause: EndingCause) => void;
  readonly #slotMemoryMb: number;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #looks: NodeJS.Timeout | undefined;

  constructor(
    slotMemoryMb: number,
    current: () => Watched | undefined,
    onExceeded: (entry: Entry, cause: EndingCause) => void,
  ) {
    this.#slotMemoryMb = slotMemoryMb;
    this.#current = current;
    this.#onExceeded = onExceeded;
  }

  /** A task has begun to run. */
  begin(entry: Entry): void {
    this.#looks ??= setInterval(() => void this.#look(), LOOK_EVERY_MS);
    const { timeMs } = entry.program.limits;
    if (timeMs > 0) this.#armTimer(entry.headSinceMs + timeMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#looks);
    this.#timer = undefined;
    this.#timerAtMs = Infinity;
    this.#looks = undefined;
  }

  #armTimer(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    // Longer than this a timer cannot wait; it is set again then.
    const waitMs = Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(atMs - performance.now())));
    this.#timer = setTimeout(() => this.#checkTime(), waitMs);
  }

  #checkTime(): void {
    this.#timer = undefined;
    this.#timerAtMs = Infinity;
    const entry = this.#current()?.entry;
    if (entry === undefined || entry.program.limits.timeMs === 0) return;
    const { timeMs } = entry.program.limits;
    const deadlineMs = entry.headSinceMs + timeMs;
    if (performance.now() >= deadlineMs) this.#onExceeded(entry, { kind: 'time-limit', limitMs: timeMs });
    else this.#armTimer(deadlineMs);
  }

  async #look(): Promise<void> {
    const watched = this.#current();
    if (watched?.child.pid === undefined) {
      clearInterval(this.#looks);
      this.#looks = undefined;
      return;
    }
    const { entry, child } = watched;
    const usedKb = await residentKb(watched.child.pid);
    // Another task may run by now.
    const now = this.#current();
    if (now?.entry !== entry || now.child !== child) return;
    entry.peakMemoryKb = Math.max(entry.peakMemoryKb, usedKb);
    const limitMb = this.#limitMb(entry);
    if (limitMb > 0 && usedKb > limitMb * 1024) {
      this.#onExceeded(entry, { kind: 'memory-limit', limitMb, usedKb });
    }
  }

  #limitMb(entry: Entry): number {
    const limits = [this.#slotMemoryMb, entry.program.limits.memoryMb].filter((limit) => limit > 0);
    return limits.length === 0 ? 0 : Math.min(...limits);
  }
}
