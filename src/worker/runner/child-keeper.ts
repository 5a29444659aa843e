import { join } from 'node:path';

import type { FrameBody } from '../child/frames.js';
import { FRAME } from '../child/frames.js';
import { makeDirectory, putAway } from './directories.js';
import { OutputGuard } from './output-guard.js';
import { findParentDeath } from './parent-death.js';
import { ProgramTable } from './program-table.js';
import { TaskChild } from './task-child.js';
import type { ChildExit } from './task-child.js';
import type { SlotOptions } from './types.js';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;
const START_OUTPUT_BYTES = 2048;

export interface KeeperEvents {
  onReady(): void;
  onFrame(type: number, body: FrameBody): void;
  onNonsense(error: unknown): void;
  onRawOutput(stderr: boolean, chunk: Buffer): void;
  /** The child died; another one is on its way. `directory` is put away after this. */
  onDied(exit: ChildExit, directory: string): void;
  /** A child ended before it was ready; another one is tried after a while. `inARow` counts from 1. */
  onStartFailed(exit: ChildExit, stderr: string | undefined, inARow: number): void;
}

/** Keeps one child ready: starts the next one when it dies or is replaced, with pauses when that fails. */
export class ChildKeeper {
  /** Whose code the child has run; undefined while it has run none. */
  owner: string | undefined;
  readonly #options: SlotOptions;
  readonly #events: KeeperEvents;
  readonly #leaving = new Map<TaskChild, { readonly gone: Promise<void>; readonly resolve: () => void }>();
  #child: TaskChild | undefined;
  #programs: ProgramTable;
  #isReady = false;
  #isStopped = false;
  #failures = 0;
  #generation = 0;
  #retry: NodeJS.Timeout | undefined;
  #startOutput = new OutputGuard(START_OUTPUT_BYTES);

  constructor(options: SlotOptions, events: KeeperEvents) {
    this.#options = options;
    this.#events = events;
    this.#programs = new ProgramTable(options);
  }

  /** The child, when it takes tasks. */
  get ready(): TaskChild | undefined {
    return this.#isReady ? this.#child : undefined;
  }

  get programs(): ProgramTable {
    return this.#programs;
  }

  start(): void {
    if (this.#isStopped || this.#child !== undefined) return;
    this.#isReady = false;
    this.owner = undefined;
    this.#programs = new ProgramTable(this.#options);
    this.#startOutput = new OutputGuard(START_OUTPUT_BYTES);
    try {
      this.#child = this.#spawn();
    } catch (error) {
      // Its folder could not be made.
      this.#startFailed({ exitCode: null, signal: null, fault: error as Error });
    }
  }

  /** Sends the child away and starts another one; what the old one still says is not heard. */
  replace(): void {
    const child = this.#child;
    if (child !== undefined) {
      this.#leave(child);
      child.dismiss();
    }
    this.start();
  }

  /** Ends all children at once. Resolves when their processes are gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    if (this.#child !== undefined) this.#leave(this.#child);
    const gone = [...this.#leaving].map(([child, leaving]) => {
      child.signal('SIGKILL');
      return leaving.gone;
    });
    await Promise.all(gone);
  }

  #leave(child: TaskChild): void {
    this.#child = undefined;
    this.#isReady = false;
    let resolve = (): void => undefined;
    const gone = new Promise<void>((done) => (resolve = done));
    this.#leaving.set(child, { gone, resolve });
  }

  #spawn(): TaskChild {
    const {
      workDirectory,
      number,
      niceness = 0,
      memoryMb = 0,
      nodeArguments = [],
      environment = {},
      coordination,
    } = this.#options;
    this.#generation += 1;
    const directory = join(workDirectory, `slot-${number}-${process.pid}-${this.#generation}`);
    makeDirectory(directory);
    const child: TaskChild = new TaskChild(
      {
        settings: { directory, workDirectory, ...(coordination === undefined ? {} : { coordination }) },
        parentDeath: this.#options.parentDeath ?? findParentDeath(),
        niceness,
        heapMb: memoryMb,
        nodeArguments,
        environment,
      },
      {
        onFrame: (type, body) => this.#onFrame(child, type, body),
        onNonsense: (error) => {
          if (child === this.#child) this.#events.onNonsense(error);
        },
        onRawOutput: (stderr, chunk) => this.#onRawOutput(child, stderr, chunk),
        onGone: (exit) => this.#onGone(child, exit),
      },
    );
    return child;
  }

  #onFrame(child: TaskChild, type: number, body: FrameBody): void {
    if (child !== this.#child) return;
    if (type !== FRAME.ready) {
      this.#events.onFrame(type, body);
      return;
    }
    this.#isReady = true;
    this.#failures = 0;
    this.#events.onReady();
  }

  #onRawOutput(child: TaskChild, stderr: boolean, chunk: Buffer): void {
    if (child !== this.#child) return;
    if (this.#isReady) this.#events.onRawOutput(stderr, chunk);
    else this.#startOutput.take(chunk);
  }

  #onGone(child: TaskChild, exit: ChildExit): void {
    const leaving = this.#leaving.get(child);
    if (leaving !== undefined) {
      this.#leaving.delete(child);
      putAway(child.directory);
      leaving.resolve();
      return;
    }
    if (child !== this.#child) return;
    const wasReady = this.#isReady;
    this.#child = undefined;
    this.#isReady = false;
    if (wasReady) {
      this.#events.onDied(exit, child.directory);
      this.start();
      return;
    }
    putAway(child.directory);
    this.#startFailed(exit);
  }

  #startFailed(exit: ChildExit): void {
    this.#failures += 1;
    this.#events.onStartFailed(exit, this.#startOutput.tail(), this.#failures);
    const pauseMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
    this.#retry = setTimeout(() => this.start(), pauseMs);
  }
}
