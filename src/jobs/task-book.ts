import type { TaskIndex } from '../model/job.js';
import { type Origin, Recording, recordOf, type TaskRecord } from './recording.js';

/** A task that has no answer yet. */
interface Open {
  readonly task: unknown;
}

/** The tasks of a job as its coordinator knows them: recorded by an earlier one, made here, without an answer yet. */
export class TaskBook {
  readonly recording: Recording;
  readonly #firstIndex: number;
  readonly #open = new Map<TaskIndex, Open>();
  /** Made here, and not given an index yet. */
  #made: { readonly task: unknown; readonly record: TaskRecord }[] = [];
  /** The index of the next task that is given one. */
  #next: TaskIndex;

  /** @param firstIndex of the coordinator's first task */
  constructor(firstIndex: TaskIndex) {
    this.recording = new Recording(firstIndex);
    this.#firstIndex = firstIndex;
    this.#next = firstIndex;
  }

  /** How many there are, those included that have an answer. */
  get count(): number {
    return this.#next - this.#firstIndex + this.#made.length;
  }

  get unanswered(): number {
    return this.#open.size + this.#made.length;
  }

  /** Takes in what an earlier coordinator has submitted: the next of it, in order. */
  load(records: readonly unknown[]): void {
    for (const { index, task } of this.recording.add(records)) this.#open.set(index, { task });
    this.#next = this.recording.nextIndex;
  }

  add(task: unknown, clock: number, origin: Origin): void {
    this.#made.push({ task, record: recordOf(task, clock, origin) });
  }

  /**
   * Gives what was made here its place behind all others, and returns it. Before all that is recorded was read,
   * nobody knows where that is: nothing is returned then.
   */
  takeMade(): TaskRecord[] {
    if (!this.recording.isComplete || this.#made.length === 0) return [];
    const made = this.#made;
    this.#made = [];
    for (const { task } of made) {
      this.#open.set(this.#next, { task });
      this.#next += 1;
    }
    return made.map(({ record }) => record);
  }

  /** Removes a task that has its answer; undefined when it had one before. */
  answered(index: TaskIndex): Open | undefined {
    const open = this.#open.get(index);
    this.#open.delete(index);
    return open;
  }

  /** The indexes of unanswered tasks that a test holds for. */
  matching(which: (task: unknown, index: TaskIndex) => boolean): TaskIndex[] {
    return [...this.#open].filter(([index, { task }]) => which(task, index)).map(([index]) => index);
  }

  clear(): void {
    this.#open.clear();
    this.#made = [];
  }
}
