import type { JobEnd } from '../../wire/gen/dsage/v1/client.js';
import type { JobSpec } from '../../wire/gen/dsage/v1/types.js';
import { PackedTasksWriter, readPackedTasks } from '../../wire/packed.js';

/** Consecutive tasks of one job, packed. */
export interface Part {
  readonly count: number;
  readonly packedTasks: Buffer;
}

export interface PlacedPart extends Part {
  readonly firstIndex: number;
}

/** A job that is on the server already, and whose coordinator is here now. */
export interface AdoptedJob {
  readonly job: number;
  /** Its number among the coordinators of the job. */
  readonly coordinator: number;
  /** How many tasks the job has. */
  readonly taskCount: number;
}

/** What a job costs in a message beside its program and its tasks, about. */
const JOB_BYTES = 128;

/** A class, since ten thousand of these are made at once: objects that are spread together cost several times more. */
export class OutboxEntry {
  readonly seq: number;
  /** Undefined for a job that is adopted. */
  readonly spec: JobSpec | undefined;
  readonly specBytes: number;
  /** Not yet accepted, in order. */
  readonly parts: PlacedPart[] = [];
  /** How many of `parts` are on their way. */
  sentParts = 0;
  total = 0;
  closed: boolean;
  /** The server has this job. */
  accepted = false;
  sent = false;
  /** The end must travel in a message of its own, since the last part has already left. */
  closeDue = false;
  /** The end went in a message of its own, which no acceptance speaks of: it is repeated after a reconnect. */
  closeAlone = false;
  /** The server's queue was full; nothing is sent until `release`. */
  held = false;
  /** What its coordinator says at its end, in the message that closes it. */
  end: JobEnd | undefined;
  /** Set for a job of another session. */
  readonly adopted: AdoptedJob | undefined;

  constructor(seq: number, from: { readonly spec: JobSpec; readonly closed: boolean } | AdoptedJob) {
    const isNew = 'spec' in from;
    this.seq = seq;
    this.spec = isNew ? from.spec : undefined;
    this.specBytes = isNew ? from.spec.program.length + JOB_BYTES : 0;
    this.closed = isNew && from.closed;
    this.adopted = isNew ? undefined : from;
    this.total = isNew ? 0 : from.taskCount;
    this.sent = !isNew;
    this.accepted = !isNew;
  }

  /** Everything has been put into messages, and nothing comes behind it. */
  get isLast(): boolean {
    return this.closed && this.sentParts === this.parts.length;
  }
}

/** The same tasks in two parts. */
export function halvesOf({ firstIndex, packedTasks, count }: PlacedPart): PlacedPart[] {
  const payloads = readPackedTasks(packedTasks, count);
  const middle = Math.ceil(count / 2);
  return [payloads.slice(0, middle), payloads.slice(middle)].map((half, place) => {
    const writer = new PackedTasksWriter();
    for (const payload of half) writer.add(payload);
    return { firstIndex: firstIndex + place * middle, count: half.length, packedTasks: writer.take() };
  });
}
