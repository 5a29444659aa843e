import { DsageError } from '../../model/errors.js';
import type { Lease } from '../../model/task.js';
import { ChildKeeper } from './child-keeper.js';
import { StopRequest } from './stop-request.js';
import { TaskLine } from './task-line.js';
import type { SlotHandlers, SlotOptions, SlotProgram, SlotTask } from './types.js';

/**
 * Runs tasks in a warm child process, one after the other, and sees to it that each of them ends, with a true
 * reason. Whatever a task does to its process, the slot goes on with the next one.
 */
export class Slot {
  readonly #keeper: ChildKeeper;
  readonly #line: TaskLine;
  #onStarted: () => void = () => undefined;
  #stopping: StopRequest | undefined;

  constructor(options: SlotOptions, handlers: SlotHandlers) {
    this.#keeper = new ChildKeeper(options, {
      onReady: () => {
        this.#onStarted();
        this.#line.ready();
      },
      onFrame: (type, body) => this.#line.frameCame(type, body),
      onNonsense: (error) => this.#line.nonsenseCame(error),
      onRawOutput: (stderr, chunk) => this.#line.rawOutputCame(stderr, chunk),
      onDied: (exit, directory) => {
        this.#line.childDied(exit, directory);
        this.#stopping?.now();
      },
      onStartFailed: (exit, stderr, inARow) => this.#line.startFailed(exit, stderr, inARow),
    });
    this.#line = new TaskLine(options, this.#keeper, {
      ...boundHandlers(handlers),
      onFree: () => {
        if (this.#stopping === undefined) handlers.onFree();
        else this.#stopping.now();
      },
    });
  }

  /** Starts the child. Resolves when it is ready, or the slot is stopped; tasks may be given before. */
  async start(): Promise<void> {
    if (this.#keeper.ready !== undefined || this.#stopping !== undefined) return;
    const started = new Promise<void>((resolve) => (this.#onStarted = resolve));
    this.#keeper.start();
    await started;
  }

  /** How many tasks are here and do not run. */
  get queued(): number {
    return this.#line.length - (this.running === undefined ? 0 : 1);
  }

  /** The task that runs. */
  get running(): Lease | undefined {
    return this.#line.running;
  }

  /** True when a task that is given now starts at once. */
  get idle(): boolean {
    return this.#line.length === 0 && this.#keeper.ready !== undefined;
  }

  /** Whose code the child has run; undefined when it has run none. Another owner's task gets a new child. */
  get owner(): string | undefined {
    return this.#keeper.owner;
  }

  /** The process of the child, while there is one that takes tasks. */
  get pid(): number | undefined {
    return this.#keeper.ready?.pid;
  }

  /** Runs tasks of one program, in their order, after those that are here already. Throws `closed` after `stop`. */
  run(program: SlotProgram, tasks: readonly SlotTask[]): void {
    if (this.#stopping !== undefined) throw new DsageError('closed', 'The slot has been stopped.');
    this.#line.add(program, tasks);
  }

  /**
   * Takes back tasks that have not started; the one that runs stays. Returns those that left. One of them may
   * turn out to have started all the same: then its end is still reported.
   */
  revoke(leases: readonly Lease[]): Lease[] {
    return this.#line.takeBack((entry) => leases.some((lease) => entry.matches(lease)));
  }

  /** Kills a task: one that waits at once, the one that runs by and by. Its end is reported as `killed`. */
  kill(lease: Lease, reason: string): void {
    this.#line.kill(lease, reason);
  }

  /**
   * Takes nothing more, lets the task that runs go on for `graceMs`, then ends the child. A second call can only
   * shorten the time. Resolves when no process is left, with the tasks whose end was not reported.
   */
  async stop({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<Lease[]> {
    const stopping = (this.#stopping ??= new StopRequest(() => this.#endAll()));
    stopping.unfinished.push(...this.#line.takeBack(() => true));
    if (this.running === undefined) stopping.now();
    else stopping.within(graceMs);
    return stopping.done;
  }

  async #endAll(): Promise<Lease[]> {
    const cutOff = this.#line.close();
    await this.#keeper.stop();
    this.#onStarted();
    return cutOff;
  }
}

function boundHandlers(handlers: SlotHandlers): Required<Omit<SlotHandlers, 'onFree'>> {
  return {
    onEnded: (lease, end) => handlers.onEnded(lease, end),
    onOutput: (lease, stderr, bytes) => handlers.onOutput(lease, stderr, bytes),
    onProgress: (lease, fraction) => handlers.onProgress?.(lease, fraction),
    onLog: (entry) => handlers.onLog?.(entry),
  };
}
