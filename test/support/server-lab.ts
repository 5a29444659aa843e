import { DEFAULT_LIMITS, type JobSpec } from '#dsage/model/job.js';
import type { Lease, Outcome } from '#dsage/model/task.js';
import type { WorkerInfo } from '#dsage/model/worker.js';
import { check } from '#dsage/server/core/check.js';
import { type Effects, noEffects, type Send } from '#dsage/server/core/effects.js';
import type { Event, JobEnd, ReceivedAnswer, WorkerRenewed } from '#dsage/server/core/events.js';
import { type Config, emptyState, type State } from '#dsage/server/core/state.js';
import { evict, transition } from '#dsage/server/core/transition.js';
import type { LeaseRun, Write } from '#dsage/server/core/writes.js';
import { restore } from '#dsage/server/restore.js';
import { MemoryStore } from '#dsage/server/store/memory.js';
import { writeAnswerRecord } from '#dsage/wire/packed.js';

export const CONFIG: Config = {
  leaseMs: 30_000,
  tickMs: 1_000,
  maxWaitingTasks: 1_000_000,
  maxUnfinishedJobs: 1_000,
  maxTasksPerJob: 1_000_000,
  encode: {
    failure: (failure) => Buffer.from(JSON.stringify(failure)),
    answer: (answer) => writeAnswerRecord(answer),
    messageOf: (failure) => Buffer.from(failure).toString(),
  },
};

const INFO: WorkerInfo = {
  name: 'lathe',
  host: 'lathe.lab',
  pid: 4711,
  slots: 2,
  labels: [],
  resources: {},
  evaluators: ['javascript'],
  cpuModel: '',
  cpuCount: 2,
  memoryMb: 4096,
  nodeVersion: '',
  packageVersion: '',
  platform: 'linux',
  speedMmps: 1,
  coordinators: 0,
};

export interface LabWorker {
  readonly number: number;
  readonly instance: string;
  connection: number;
  readonly info: WorkerInfo;
  readonly user: string;
  readonly role: 'worker' | 'user';
  seq: number;
}

export interface Submitting extends Partial<Omit<JobSpec, 'limits'>> {
  readonly owner?: string;
  readonly session?: string;
  readonly seq?: number;
  readonly tasks?: number;
  readonly closed?: boolean;
  readonly isAdmin?: boolean;
  readonly limits?: Partial<JobSpec['limits']>;
}

type SendOf<Type extends Send['type']> = Extract<Send, { readonly type: Type }>;
type WriteOf<Type extends Write['type']> = Extract<Write, { readonly type: Type }>;

/** The server's core with a store, on a clock that the test moves. The state is checked after every step. */
export class ServerLab {
  state: State;
  store = new MemoryStore();
  readonly config: Config;
  now = 1_700_000_000_000;
  /** What the last events had as effects. */
  effects: Effects = noEffects();
  /** Hears each send after its commit, as the hubs of a server do. */
  onSend: (send: Send) => void = () => undefined;
  #lastConnection = 0;
  #lastSeq = 0;
  #lastInstance = 0;

  constructor(config: Partial<Config> = {}) {
    this.config = { ...CONFIG, ...config };
    this.state = emptyState(this.config);
    this.state.lastTickAtMs = this.now;
  }

  /** Applies the events as one batch: transition, commit, eviction. */
  do(...events: Event[]): this {
    this.effects = transition(this.state, events, this.now);
    check(this.state);
    this.store.apply(this.effects.writes);
    evict(this.state, this.effects.ended);
    check(this.state);
    for (const send of this.effects.sends) this.onSend(send);
    return this;
  }

  /** The server ends, whatever it was doing, and starts again from its store. */
  restart(): this {
    this.store = this.store.clone();
    const { state, writes } = restore(this.store, this.config, this.now);
    this.store.apply(writes);
    this.state = state;
    check(this.state);
    return this;
  }

  submission(how: Submitting = {}): Extract<Event, { type: 'job-submitted' }> {
    const { owner = 'ada', tasks = 1, closed = true, session = `${owner}/session`, ...rest } = how;
    const naming = { isAdmin: how.isAdmin ?? false, readJob: (id: number) => this.store.job(id) };
    const seq = how.seq ?? (this.#lastSeq += 1);
    return {
      type: 'job-submitted',
      session,
      connection: 1,
      seq,
      owner,
      spec: specOf(rest),
      payloads: payloads(tasks),
      closed,
      ...(how.after === undefined ? {} : { naming }),
    };
  }

  /** Runs an ended job again. */
  rerun(job: number, onlyFailed = false): this {
    const read = () => {
      const record = this.store.job(job);
      return record === undefined ? undefined : { record, ends: this.store.ends(job, 0) };
    };
    const readJob = (id: number) => this.store.job(id);
    return this.do({ type: 'job-rerun', request: 5, job, onlyFailed, read, readJob });
  }

  /** A coordinator takes over a job, or the one that did last says how it ends. */
  coordinate(job: number, end?: Partial<JobEnd>): this {
    if (end === undefined) return this.do({ type: 'coordinator-came', request: 6, job });
    const record = this.state.jobs.get(job) ?? this.store.job(job);
    const { taskCount = 0, coordinator = 0 } = record?.state ?? {};
    return this.do({
      type: 'tasks-submitted',
      ...{ session: 'coordinator', connection: 1, seq: 1, target: { job }, owner: record?.owner ?? '' },
      ...{ isAdmin: false, firstIndex: taskCount, payloads: [], closed: true, coordinator },
      end: { status: 'completed', reason: '', result: new Uint8Array([0, 7]), ...end },
    });
  }

  /** Submits a job; its number. */
  submit(how: Submitting = {}): number {
    this.do(this.submission(how));
    return this.state.lastJob;
  }

  worker(how: Partial<WorkerInfo> & { user?: string; role?: 'worker' | 'user' } = {}): LabWorker {
    const { user = 'machine', role = 'worker', ...info } = how;
    this.#lastInstance += 1;
    const worker = {
      number: this.state.lastWorker + 1,
      instance: `instance ${String(this.#lastInstance)}`,
      connection: 0,
      info: { ...INFO, name: `worker ${String(this.#lastInstance)}`, ...info },
      user,
      role,
      seq: 0,
    };
    this.register(worker);
    return worker;
  }

  register(worker: LabWorker, held: readonly Lease[] = []): this {
    this.#lastConnection += 1;
    worker.connection = this.#lastConnection;
    const { instance, info, user, role, connection } = worker;
    const known = this.store.workerByInstance(instance)?.number;
    return this.do({
      type: 'worker-registered',
      ...(known === undefined ? {} : { known }),
      ...{ connection, instance, user, role, info, held },
    });
  }

  renew(
    worker: LabWorker,
    credit: number,
    { progress = [], running = [] }: Partial<Pick<WorkerRenewed, 'progress' | 'running'>> = {},
  ): this {
    const { number, connection } = worker;
    const figures = { credit, busySlots: 0, load1: 0, freeMemoryMb: 0, progress, running };
    return this.do({ type: 'worker-renewed', worker: number, connection, ...figures });
  }

  disconnect({ number, connection }: LabWorker): this {
    return this.do({ type: 'worker-disconnected', worker: number, connection });
  }

  answers(worker: LabWorker, ...answers: (Lease & { outcome?: Outcome; wallMs?: number })[]): this {
    return this.do(this.answering(worker, ...answers));
  }

  answering(
    worker: LabWorker,
    ...answers: (Lease & { outcome?: Outcome; wallMs?: number })[]
  ): Extract<Event, { type: 'answers-received' }> {
    worker.seq += 1;
    const { number, connection, seq } = worker;
    const batches = answers.map((answer) => ({ job: answer.job, answers: [answerOf(number, answer)] }));
    return { type: 'answers-received', worker: number, connection, seq, batches };
  }

  /** Lets time pass, tick by tick. */
  pass(ms: number): this {
    const until = this.now + ms;
    while (this.now < until) {
      this.now = Math.min(until, this.now + this.config.tickMs);
      this.do({ type: 'ticked' });
    }
    return this;
  }

  sends<Type extends Send['type']>(type: Type): SendOf<Type>[] {
    return this.effects.sends.filter((send): send is SendOf<Type> => send.type === type);
  }

  writes<Type extends Write['type']>(type: Type): WriteOf<Type>[] {
    return this.effects.writes.filter((write): write is WriteOf<Type> => write.type === type);
  }

  /** Leases that the last batch gave to a worker, as `job/index#attempt`; to all workers without one. */
  leased(worker?: LabWorker): string[] {
    return this.sends('lease')
      .filter((send) => worker === undefined || send.worker === worker.number)
      .flatMap(({ runs }) => runs.flatMap(namesOf));
  }

  /** Leases that a worker holds in the state, in order. */
  held(worker: LabWorker): Lease[] {
    return [...this.state.jobs.values()]
      .flatMap((job) =>
        [...job.leases]
          .filter(([, holding]) => holding.grant.worker === worker.number)
          .map(([index, { attempt }]) => ({ job: job.id, index, attempt })),
      )
      .sort((a, b) => a.job - b.job || a.index - b.index);
  }

  drain({ number, connection }: LabWorker): this {
    return this.do({ type: 'worker-draining', worker: number, connection });
  }

  /** The answer of the last batch to a request. */
  get reply(): SendOf<'reply'> | undefined {
    return this.sends('reply').at(-1);
  }

  status(job: number): string | undefined {
    return this.store.job(job)?.state.status;
  }
}

export function specOf(
  how: Partial<Omit<JobSpec, 'limits'>> & { limits?: Partial<JobSpec['limits']> },
): JobSpec {
  const { name, kind, evaluator, priority, labels, resources, program, attachments, ttlMs, summary } = how;
  return {
    name: name ?? 'a job',
    kind: kind ?? 'eval',
    evaluator: evaluator ?? 'javascript',
    priority: priority ?? 3,
    limits: { ...DEFAULT_LIMITS, ...how.limits },
    labels: labels ?? [],
    resources: resources ?? {},
    program: program ?? new Uint8Array([1]),
    attachments: attachments ?? [],
    ttlMs: ttlMs ?? 0,
    summary: summary ?? '',
    ...(how.after === undefined ? {} : { after: how.after }),
    ...(how.detached === undefined ? {} : { detached: how.detached }),
  };
}

export function payloads(count: number, first = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, place) => Buffer.from(`task ${String(first + place)}`));
}

function answerOf(worker: number, answer: Lease & { outcome?: Outcome; wallMs?: number }): ReceivedAnswer {
  const { job, index, attempt, outcome = 'completed', wallMs = 1 } = answer;
  const times = { startedAtMs: 0, wallUs: wallMs * 1_000, cpuUs: 0, peakMemoryKb: 0 };
  const meta = { index, attempt, outcome, worker, ...times };
  const payload = Buffer.from(`${outcome} ${String(job)}/${String(index)}#${String(attempt)}`);
  return { meta, record: writeAnswerRecord({ ...meta, payload }), payload };
}

function nameOf({ job, index, attempt }: Lease): string {
  return `${String(job)}/${String(index)}#${String(attempt)}`;
}

function namesOf({ job, firstIndex, count, attempt }: LeaseRun): string[] {
  return Array.from({ length: count }, (_, place) => nameOf({ job, index: firstIndex + place, attempt }));
}
