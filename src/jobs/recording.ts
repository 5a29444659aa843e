import { DsageError } from '../model/errors.js';
import type { TaskIndex } from '../model/job.js';

/** Who made a task: `tasks()`, a call of `submit`, or `onFailure` that wanted it tried again. */
const ORIGINS = ['generated', 'submitted', 'retried'] as const;
export type Origin = (typeof ORIGINS)[number];

/**
 * A task as it is stored: the task itself, how many answers the coordinator had heard when it was made, and who
 * made it. The last two are what a replay needs to meet it again at the same point.
 */
export type TaskRecord = readonly [task: unknown, clock: number, origin: number];

export interface RecordedTask {
  readonly index: TaskIndex;
  readonly task: unknown;
}

export function recordOf(task: unknown, clock: number, origin: Origin): TaskRecord {
  return [task, clock, ORIGINS.indexOf(origin)];
}

/**
 * The tasks that an earlier coordinator has submitted, for one that replays: it meets each of them again when it
 * has heard as many answers as the earlier one had. Pure; it is filled part by part, in the order of the indexes.
 */
export class Recording {
  #nextIndex: TaskIndex;
  #lastClock = 0;
  #isComplete = false;
  /** The clocks of the tasks that `tasks()` made, in order. */
  #generated: number[] = [];
  #nextGenerated = 0;
  /** How many other tasks were made, by their clock. */
  readonly #added = new Map<number, number>();

  /** @param firstIndex of the first task that a coordinator has made */
  constructor(firstIndex: TaskIndex) {
    this.#nextIndex = firstIndex;
  }

  /** The index of the next task that it is given. */
  get nextIndex(): TaskIndex {
    return this.#nextIndex;
  }

  /** Nothing comes behind what it has. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** All tasks that `tasks()` made have been met again, and no more will come. */
  get isReplayed(): boolean {
    return this.#isComplete && this.#nextGenerated === this.#generated.length;
  }

  /** Throws `internal` for a task that no coordinator of ours has stored. */
  add(records: readonly unknown[]): RecordedTask[] {
    return records.map((record) => {
      const [task, clock, origin] = checked(record, this.#nextIndex);
      const recorded = { index: this.#nextIndex, task };
      this.#nextIndex += 1;
      this.#lastClock = clock;
      if (ORIGINS[origin] === 'generated') this.#generated.push(clock);
      else this.#added.set(clock, (this.#added.get(clock) ?? 0) + 1);
      return recorded;
    });
  }

  complete(): void {
    this.#isComplete = true;
  }

  /** Whether all tasks that were made before the answer number `clock` was heard are here. */
  covers(clock: number): boolean {
    return this.#isComplete || this.#lastClock > clock;
  }

  /** Whether `tasks()` had given its next value by then. */
  isGeneratedDue(clock: number): boolean {
    const next = this.#generated[this.#nextGenerated];
    return next !== undefined && next <= clock;
  }

  /** Counts the next value of `tasks()` as the recorded task that is due. */
  takeGenerated(): void {
    this.#nextGenerated += 1;
    if (this.#nextGenerated < 1024) return;
    this.#generated = this.#generated.slice(this.#nextGenerated);
    this.#nextGenerated = 0;
  }

  /** Whether a recorded task stands for the next one that is added at this clock; then it is counted. */
  takeAdded(clock: number): boolean {
    const left = this.#added.get(clock);
    if (left === undefined) return false;
    if (left === 1) this.#added.delete(clock);
    else this.#added.set(clock, left - 1);
    return true;
  }
}

function checked(record: unknown, index: number): TaskRecord {
  if (Array.isArray(record) && record.length === 3) {
    const [, clock, origin] = record as unknown[];
    if (Number.isSafeInteger(clock) && typeof origin === 'number' && ORIGINS[origin] !== undefined) {
      return record as unknown as TaskRecord;
    }
  }
  throw new DsageError(
    'failed-precondition',
    `Task ${String(index)} was not made by a job class's coordinator.`,
    {
      hint: 'Only jobs of a class that extends DistributedJob can be attached to.',
    },
  );
}
