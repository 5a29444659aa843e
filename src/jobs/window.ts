const SMALLEST = 8;
const LARGEST = 65_536;
/** A window that turns over faster than this is too small to cover the way to the workers and back. */
const QUICK_MS = 500;
/** One that takes longer than this is larger than it need be: what is in it cannot be reordered any more. */
const SLOW_MS = 4_000;
/** So that a slot that ends a task finds the next one on its worker, without the way to the coordinator. */
const TASKS_A_SLOT = 2;

/**
 * How many tasks of a job may be unanswered at once: enough to fill all slots, and for short tasks as many as it
 * takes that the slots never wait for the coordinator. Pure; times are milliseconds on a clock that never goes back.
 */
export class Window {
  #size = SMALLEST;
  #slots = 1;
  #answered = 0;
  #sinceMs = -Infinity;
  /** It was full since the last turnover: only then does it limit anything. */
  #wasFull = false;

  get size(): number {
    return Math.max(this.#size, this.#floor);
  }

  set slots(slots: number) {
    this.#slots = slots;
  }

  /** It held a task back. */
  filled(): void {
    this.#wasFull = true;
  }

  /** Some tasks were answered. */
  answered(count: number, nowMs: number): void {
    if (this.#sinceMs === -Infinity) this.#sinceMs = nowMs;
    this.#answered += count;
    const { size } = this;
    const elapsedMs = nowMs - this.#sinceMs;
    if (this.#answered < size && elapsedMs < SLOW_MS) return;
    if (this.#answered >= size && elapsedMs < QUICK_MS && this.#wasFull)
      this.#size = Math.min(LARGEST, size * 2);
    else if (elapsedMs >= SLOW_MS) this.#size = Math.max(SMALLEST, Math.ceil(size / 2));
    this.#answered = 0;
    this.#sinceMs = nowMs;
    this.#wasFull = false;
  }

  get #floor(): number {
    return Math.max(SMALLEST, TASKS_A_SLOT * this.#slots);
  }
}
