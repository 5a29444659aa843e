import type { Lease } from '../../model/task.js';
import { OutputGuard } from './output-guard.js';
import type { SlotProgram, SlotTask } from './types.js';

/** A task in a slot, from `run` until its end was reported or it was taken back. */
export class Entry {
  readonly ticket: number;
  readonly program: SlotProgram;
  readonly task: SlotTask;
  readonly lease: Lease;
  /** Taken back or killed before it started here, as far as one knows: the child's word is awaited. */
  isRevoked = false;
  /** Its end was reported: whatever comes later is dropped. */
  isReported = false;
  /** When it became the one that runs, on the clock of `performance.now()` and on the wall. */
  headSinceMs = 0;
  startedAtMs = 0;
  peakMemoryKb = 0;
  /** V8 said on stderr that the heap is exhausted. */
  exhaustedHeap = false;
  #output: OutputGuard | undefined;

  constructor(ticket: number, program: SlotProgram, task: SlotTask) {
    this.ticket = ticket;
    this.program = program;
    this.task = task;
    this.lease = { job: program.job, index: task.index, attempt: task.attempt };
  }

  /** Most tasks write nothing. */
  get output(): OutputGuard {
    this.#output ??= new OutputGuard(this.program.limits.outputBytes);
    return this.#output;
  }

  get lastOutput(): string | undefined {
    return this.#output?.tail();
  }

  matches({ job, index, attempt }: Lease): boolean {
    return this.lease.index === index && this.lease.attempt === attempt && this.lease.job === job;
  }

  startClock(nowMs: number): void {
    this.headSinceMs = nowMs;
    this.startedAtMs = Date.now();
  }
}
