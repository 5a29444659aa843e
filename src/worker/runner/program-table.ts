import { FRAME } from '../child/frames.js';
import type { FrameWriter } from '../child/frames.js';
import { writeProgram } from '../child/messages.js';
import type { Source } from '../child/messages.js';
import { DsageError } from '../../model/errors.js';
import type { Payload } from '../../model/job.js';
import { readPayload } from '../../wire/payload.js';
import type { SlotOptions, SlotProgram } from './types.js';

/** How many programs a child keeps; the one sent longest ago goes first. */
const MAX_PROGRAMS = 64;
const MIB_KB = 1024;
const RECYCLE_FLOOR_KB = 256 * MIB_KB;
const RECYCLE_WITHOUT_LIMIT_KB = 512 * MIB_KB;
/** A fresh child alone takes half of this. */
const SMALLEST_RECYCLE_KB = 96 * MIB_KB;

/** Which programs one child has. */
export class ProgramTable {
  readonly #options: SlotOptions;
  readonly #ids = new Map<SlotProgram, number>();
  #lastId = 0;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  /** The child's number for a program, which is sent when the child does not have it. */
  idOf(program: SlotProgram, writer: FrameWriter): number {
    const known = this.#ids.get(program);
    if (known !== undefined) return known;
    const id = (this.#lastId += 1);
    const { workerName, host, workerNumber } = this.#options;
    writeProgram(writer, {
      id,
      job: program.job,
      kind: program.kind,
      evaluator: program.evaluator,
      detached: program.detached,
      worker: workerNumber(),
      workerName,
      host,
      outputBytes: program.limits.outputBytes,
      recycleAboveKb: recycleAboveKb(this.#options.memoryMb ?? 0, program.limits.memoryMb),
      program: sourceOf(program.program, program) ?? { type: 'inline', bytes: new Uint8Array(0) },
      bundle: program.bundle,
      attachments: program.attachments.map(({ path, file }) => ({ path, file })),
    });
    this.#ids.set(program, id);
    if (this.#ids.size > MAX_PROGRAMS) this.#forgetOldest(writer);
    return id;
  }

  /** The child's tasks hold on to their programs: what is forgotten here is only not found again. */
  #forgetOldest(writer: FrameWriter): void {
    for (const [program, id] of this.#ids) {
      this.#ids.delete(program);
      writer.begin(FRAME.forget).u32(id);
      writer.end();
      return;
    }
  }
}

/** Where the child finds the bytes of a payload; undefined when it has none. */
export function sourceOf(payload: Payload, { blobFile }: SlotProgram): Source | undefined {
  const content = readPayload(payload);
  switch (content.type) {
    case 'none':
      return undefined;
    case 'inline':
      return { type: 'inline', bytes: content.bytes };
    case 'blob':
      if (blobFile !== undefined) return { type: 'file', path: blobFile(content.ref) };
      throw new DsageError(
        'internal',
        `The blob ${content.ref.sha256} was not fetched before its task was run.`,
      );
  }
}

/** With how much memory left behind a child is replaced: half of the limit, so that the next task has the rest. */
function recycleAboveKb(slotMb: number, jobMb: number): number {
  const ofSlot = slotMb > 0 ? Math.max(RECYCLE_FLOOR_KB, (slotMb * MIB_KB) / 2) : RECYCLE_WITHOUT_LIMIT_KB;
  if (jobMb === 0) return ofSlot;
  return Math.min(ofSlot, Math.max(SMALLEST_RECYCLE_KB, (jobMb * MIB_KB) / 2));
}
