import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Limits } from '#dsage/model/job.js';
import { DEFAULT_LIMITS } from '#dsage/model/job.js';
import type { Answer, Failure, Lease } from '#dsage/model/task.js';
import { decodeValue, encodeValue } from '#dsage/wire/codec.js';
import { readAnswerRecord } from '#dsage/wire/packed.js';
import { inlinePayload, readPayload } from '#dsage/wire/payload.js';
import { Slot } from '#dsage/worker/runner/slot.js';
import type {
  SlotLogEntry,
  SlotOptions,
  SlotProgram,
  SlotTask,
  TaskEnd,
} from '#dsage/worker/runner/types.js';

export interface Seen {
  readonly lease: Lease;
  readonly end: TaskEnd;
  readonly answer: Answer;
  /** The task's output up to its end, both streams. */
  readonly output: string;
}

/** A slot with real children in a folder of its own, and everything that it reports. */
export class SlotHarness {
  readonly directory = mkdtempSync(join(tmpdir(), 'dsage-slot-'));
  readonly seen: Seen[] = [];
  readonly logs: SlotLogEntry[] = [];
  readonly output = new Map<string, string>();
  freed = 0;
  readonly slot: Slot;
  #waiting: { readonly isDone: () => boolean; readonly resolve: () => void }[] = [];

  constructor(options: Partial<SlotOptions> = {}) {
    this.slot = new Slot(
      {
        workDirectory: this.directory,
        number: 0,
        workerName: 'tester',
        host: 'here',
        workerNumber: () => 7,
        environment: process.env,
        ...options,
      },
      {
        onEnded: (lease, end) => {
          const answer = readAnswerRecord(end.record);
          expect(answer).to.include({
            index: lease.index,
            attempt: lease.attempt,
            outcome: end.outcome,
            worker: 7,
          });
          this.seen.push({ lease, end, answer, output: this.output.get(keyOf(lease)) ?? '' });
          this.#changed();
        },
        onOutput: (lease, _stderr, bytes) => {
          const key = keyOf(lease);
          this.output.set(key, (this.output.get(key) ?? '') + Buffer.from(bytes).toString());
          this.#changed();
        },
        onFree: () => {
          this.freed += 1;
          this.#changed();
        },
        onLog: (entry) => {
          this.logs.push(entry);
          this.#changed();
        },
      },
    );
  }

  /** Waits until it is true; looked at after every report. */
  async until(isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ isDone, resolve }));
  }

  /** Runs one task and waits for its end. */
  async runOne(program: SlotProgram, input?: unknown): Promise<Seen> {
    const before = this.seen.length;
    this.slot.run(program, [task(0, input)]);
    await this.until(() => this.seen.length > before);
    return this.seen[before]!;
  }

  async value(program: SlotProgram, input?: unknown): Promise<unknown> {
    return valueOf(await this.runOne(program, input));
  }

  async close(): Promise<void> {
    await this.slot.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #changed(): void {
    const ready = this.#waiting.filter(({ isDone }) => isDone());
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { resolve } of ready) resolve();
  }
}

let lastJob = 0;

type ProgramOptions = Partial<Omit<SlotProgram, 'limits'>> & { readonly limits?: Partial<Limits> };

export function codeProgram(
  code: string,
  options: ProgramOptions & { vars?: Record<string, unknown> } = {},
): SlotProgram {
  const { vars, ...rest } = options;
  return program({ type: 'eval', code, ...(vars === undefined ? {} : { vars }) }, rest);
}

export function functionProgram(
  fn: (...args: never[]) => unknown,
  options: ProgramOptions & { scope?: Record<string, unknown> } = {},
): SlotProgram {
  const { scope, ...rest } = options;
  return program({ type: 'function', source: `(${fn.toString()})`, name: fn.name, scope: scope ?? {} }, rest);
}

export function program(
  content: { readonly type: string } & Readonly<Record<string, unknown>>,
  options: ProgramOptions = {},
): SlotProgram {
  const { limits, ...rest } = options;
  return {
    job: (lastJob += 1),
    owner: 'ann',
    kind: content.type,
    evaluator: 'javascript',
    detached: false,
    program: inlinePayload(encodeValue(content)),
    attachments: [],
    ...rest,
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
}

export function task(index: number, input?: unknown): SlotTask {
  return {
    index,
    attempt: 1,
    payload: input === undefined ? new Uint8Array(0) : inlinePayload(encodeValue(input)),
  };
}

export function valueOf({ answer }: Seen): unknown {
  const content = readPayload(answer.payload);
  if (content.type === 'none') return undefined;
  if (content.type === 'blob') throw new Error('the answer is a blob');
  const value = decodeValue(content.bytes);
  if (answer.outcome !== 'completed') throw new Error((value as Failure).message);
  return value;
}

export function failureOf({ answer }: Seen): Failure {
  expect(answer.outcome).to.be.oneOf(['failed', 'killed']);
  const content = readPayload(answer.payload);
  if (content.type !== 'inline') throw new Error('a failure is always inline');
  return decodeValue(content.bytes) as Failure;
}

function keyOf({ job, index, attempt }: Lease): string {
  return `${job}/${index}/${attempt}`;
}
