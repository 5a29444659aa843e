import type { Logger } from '../log/log.js';
import type { BlobRef, JobId } from '../model/job.js';
import type { Lease } from '../model/task.js';
import type { BlobCache } from './blob-cache.js';
import { CoordinatorSlots } from './coordinator-slots.js';
import type { Effect, Report } from './core/events.js';
import { leaseKey, type ProgramSpec } from './core/state.js';
import { Slot } from './runner/slot.js';
import type { SlotOptions, SlotProgram, TaskEnd } from './runner/types.js';

export interface SlotBoardOptions {
  readonly count: number;
  /** What all slots have in common. */
  readonly slot: Omit<SlotOptions, 'number'>;
  readonly blobs: BlobCache;
  readonly report: (report: Report) => void;
  /** Called now and then when attempts have failed, which leave their files. */
  readonly onFailures: () => void;
  readonly log: Logger;
}

const FAILURES_TOLD = 20;

/** The slots: does what the core wants of them, and reports what they say in the core's words. */
export class SlotBoard {
  readonly #options: SlotBoardOptions;
  readonly #slots: Slot[];
  readonly #coordinators: CoordinatorSlots;
  /** One object per job, since a slot sends a program to its child once per object. */
  readonly #programs = new Map<JobId, SlotProgram>();
  #failures = 0;
  /** Ends whose answer is a file that has to be stored first. */
  readonly #large = new Map<string, TaskEnd>();

  constructor(options: SlotBoardOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, (_, number) => this.#newSlot(number));
    this.#coordinators = new CoordinatorSlots(options.count, (number, files, onFree) =>
      this.#newSlot(number, { files, onFree }),
    );
  }

  /** Starts the children now, so that the first task finds a warm one. */
  start(): void {
    for (const slot of this.#slots) void slot.start();
  }

  run({ slot, program, leases }: Extract<Effect, { type: 'run' }>): void {
    for (const ref of program.spec.blobs) this.#options.blobs.touch(ref);
    const shared = this.#programOf(program.spec);
    if (slot < this.#options.count) this.#slots[slot]?.run(shared, leases);
    else {
      // The time limit of the job is for its tasks: a coordinator is there for all of them.
      const limits = { ...shared.limits, timeMs: 0 };
      this.#coordinators.take(slot).run({ ...shared, limits }, leases);
    }
  }

  revoke({ slot, leases }: Extract<Effect, { type: 'revoke' }>): void {
    this.#slots[slot]?.revoke(leases);
  }

  kill({ slot, lease, reason }: Extract<Effect, { type: 'kill' }>): void {
    this.#at(slot)?.kill(lease, reason);
  }

  forget(job: JobId): void {
    this.#programs.delete(job);
  }

  /** The end that a report of `ended-large` told of; it is handed out once. */
  takeLarge(lease: Lease): TaskEnd | undefined {
    const key = keyOf(lease);
    const end = this.#large.get(key);
    this.#large.delete(key);
    return end;
  }

  /** Ends all children. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([
      ...this.#slots.map((slot) => slot.stop({ graceMs })),
      this.#coordinators.stop(graceMs),
    ]);
  }

  #at(number: number): Slot | undefined {
    return number < this.#options.count ? this.#slots[number] : this.#coordinators.at(number);
  }

  /** @param how where it keeps its files, and what follows when it has nothing to do; for a coordinator's */
  #newSlot(number: number, how: { readonly files?: number; readonly onFree?: () => void } = {}): Slot {
    const { report, log } = this.#options;
    const { files = number, onFree = () => undefined } = how;
    return new Slot(
      { ...this.#options.slot, number: files },
      {
        onEnded: (lease, end) => {
          this.#ended(number, lease, end);
        },
        onOutput: (lease, stderr, data) => {
          report({ type: 'output', slot: number, lease, stderr, data });
        },
        onProgress: (lease, fraction) => {
          report({ type: 'progress', slot: number, lease, fraction });
        },
        // The core knows from the ends what a slot still has.
        onFree,
        onLog: ({ level, message }) => {
          log.log(level, message, { slot: number });
        },
      },
    );
  }

  #ended(slot: number, lease: Lease, end: TaskEnd): void {
    const { outcome, record, wallUs, largeAnswer } = end;
    if (outcome === 'failed') {
      this.#failures += 1;
      if (this.#failures % FAILURES_TOLD === 0) this.#options.onFailures();
    }
    if (outcome !== 'completed') {
      const { job, index, attempt } = lease;
      this.#options.log.info('attempt ended', {
        job,
        task: index,
        attempt,
        outcome,
        slot,
        wallMs: wallUs / 1000,
      });
    }
    if (largeAnswer) {
      this.#large.set(keyOf(lease), end);
      this.#options.report({ type: 'ended-large', slot, lease });
    } else this.#options.report({ type: 'ended', slot, lease, outcome, record });
  }

  #programOf(spec: ProgramSpec): SlotProgram {
    let program = this.#programs.get(spec.job);
    if (!program) {
      const { blobs } = this.#options;
      program = {
        job: spec.job,
        owner: spec.owner,
        kind: spec.kind,
        evaluator: spec.evaluator,
        detached: spec.detached,
        limits: spec.limits,
        program: spec.program,
        attachments: spec.attachments.map(({ path, blob }) => ({ path, file: blobs.pathOf(blob) })),
        bundle: spec.bundle === undefined ? undefined : blobs.moduleOf(spec.bundle),
        blobFile: (ref: BlobRef) => blobs.pathOf(ref),
      };
      this.#programs.set(spec.job, program);
    }
    return program;
  }
}

function keyOf(lease: Lease): string {
  return `${String(lease.job)}/${String(leaseKey(lease))}`;
}
