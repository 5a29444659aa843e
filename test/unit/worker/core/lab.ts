import { nextWake, step } from '#dsage/worker/core/agent.js';
import { check } from '#dsage/worker/core/check.js';
import type { AgentEvent, Effect, Report } from '#dsage/worker/core/events.js';
import { initialState, type AgentState, type ProgramSpec } from '#dsage/worker/core/state.js';
import { DEFAULT_LIMITS } from '#dsage/model/job.js';
import type { Lease, Outcome } from '#dsage/model/task.js';

type Of<Type extends Effect['type']> = Extract<Effect, { type: Type }>;

/** A worker's core on a clock that the test moves; the state is checked after every step. */
export class Lab {
  readonly state: AgentState;
  now = 1000;
  /** What the last event had as effects. */
  effects: Effect[] = [];

  constructor(slots = 2, coordinators = 0) {
    this.state = initialState(slots, coordinators);
  }

  do(event: AgentEvent): this {
    this.effects = step(this.state, event, this.now);
    check(this.state);
    return this;
  }

  connect(stale: Lease[] = []): this {
    this.do({ type: 'stream-opened' });
    return this.do({ type: 'registered', worker: 7, renewMs: 5000, stale });
  }

  /** Leases tasks firstIndex … of a job, with its program. */
  lease(
    job: number,
    indexes: { first?: number; count?: number; attempt?: number; owner?: string; detached?: boolean } = {},
  ): this {
    const { first = 0, count = 1, attempt = 1, owner = 'ada', detached = false } = indexes;
    return this.do({
      type: 'leases-received',
      programs: [{ ...program(job, owner), detached }],
      runs: [
        {
          job,
          firstIndex: first,
          attempt,
          payloads: Array.from({ length: count }, () => new Uint8Array([0, 1])),
        },
      ],
    });
  }

  end(slot: number, ...leases: Lease[]): this {
    return this.report(...leases.map((lease) => ended(slot, lease)));
  }

  report(...reports: Report[]): this {
    return this.do({ type: 'slots-reported', reports });
  }

  /** Lets time pass as the shell would: `woke` comes whenever the core asked for it. */
  pass(ms: number): this {
    const until = this.now + ms;
    const all: Effect[] = [];
    for (;;) {
      const wake = Math.max(nextWake(this.state, this.now), this.now + 0.5);
      if (wake > until) break;
      this.now = wake;
      this.do({ type: 'woke' });
      all.push(...this.effects);
    }
    this.now = until;
    this.effects = all;
    return this;
  }

  of<Type extends Effect['type']>(type: Type): Of<Type>[] {
    return this.effects.filter((effect): effect is Of<Type> => effect.type === type);
  }

  /** Slot and leases of every `run`, as `slot:job/index#attempt …`. */
  get runs(): string[] {
    return this.of('run').map(({ slot, leases }) => `${String(slot)}:${leases.map(name).join(' ')}`);
  }

  /** What is sent: `seq outcome job/index#attempt …` or `seq output text`. */
  get sends(): string[] {
    return this.of('send').map(({ message }) =>
      message.type === 'answers'
        ? `${String(message.seq)} ${message.ends.map((end) => `${end.outcome} ${name(end.lease)}`).join(', ')}`
        : `${String(message.seq)} output ${message.chunks.map((chunk) => `${String(chunk.chunk)}:${text(chunk.data)}`).join('|')}`,
    );
  }

  get credits(): number[] {
    return this.of('renew').map(({ credit }) => credit);
  }
}

export function lease(job: number, index = 0, attempt = 1): Lease {
  return { job, index, attempt };
}

export function ended(slot: number, which: Lease, outcome: Outcome = 'completed'): Report {
  return { type: 'ended', slot, lease: which, outcome, record: new Uint8Array([1, 2, 3]) };
}

export function output(slot: number, which: Lease, written: string, stderr = false): Report {
  return { type: 'output', slot, lease: which, stderr, data: Buffer.from(written) };
}

export function program(job: number, owner = 'ada', blobs: ProgramSpec['blobs'] = []): ProgramSpec {
  const bytes = new Uint8Array(10);
  return {
    job,
    owner,
    name: `job ${String(job)}`,
    kind: 'eval',
    evaluator: 'javascript',
    limits: DEFAULT_LIMITS,
    program: bytes,
    attachments: [],
    blobs,
    detached: false,
  };
}

function name({ job, index, attempt }: Lease): string {
  return `${String(job)}/${String(index)}#${String(attempt)}`;
}

function text(data: Uint8Array): string {
  return Buffer.from(data).toString('utf8');
}
