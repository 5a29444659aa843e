import type { JobId } from '#dsage/model/job.js';
import type { Outcome } from '#dsage/model/task.js';
import type { LiveJob } from '#dsage/server/core/state.js';
import type { Write } from '#dsage/server/core/writes.js';
import { MemoryStore } from '#dsage/server/store/memory.js';
import { type Held, type ProgramSpec, slotOf } from '#dsage/worker/core/state.js';

import { Random } from '../support/random.js';
import { SimClient } from './client.js';
import { configOf, type Plan, planOf, type SimulationConfig } from './plan.js';
import { SimServer } from './server.js';
import { Timeline } from './timeline.js';
import { SimWorker } from './worker.js';

const CLOCK_START_MS = 1_700_000_000_000;

/** A promise was broken. */
class Violation extends Error {
  override readonly name = 'Violation';
}

/** One run: a server, workers and clients on one timeline, and all that chance decides between them. */
export class World {
  readonly seed: number;
  readonly random: Random;
  readonly config: SimulationConfig;
  readonly time = new Timeline();
  /** Plans of what was submitted, by its name; and all plans, also of what waits to be submitted. */
  readonly plans = new Map<string, Plan>();
  readonly planned: Plan[] = [];
  readonly jobNames = new Map<JobId, string>();
  readonly connections = new Set<{ break(options?: { losesNothing?: boolean }): void }>();
  readonly clients: SimClient[] = [];
  /** The living process in each of the workers' places. */
  readonly workers: (SimWorker | undefined)[] = [];
  readonly forgotten = new Set<JobId>();
  /** Jobs that were completed at some time, as the store has it; and those that failed or were killed. */
  readonly completed = new Set<JobId>();
  readonly lost = new Set<JobId>();
  /** Attempts that a worker was told to give up when it came back, as `job/index#attempt`. */
  readonly givenUp = new Set<string>();
  /** How many transitions were made, of the server and of workers. */
  steps = 0;
  server: SimServer | undefined;
  store = new MemoryStore();
  isCalm = false;
  /** How far the server's clock was put forward by jumps too small for it to notice. */
  jumpedForwardMs = 0;
  #skewMs = 0;
  #lives = 0;
  #instances = 0;
  readonly #trace: ((line: string) => void) | undefined;

  constructor(seed: number, trace?: (line: string) => void) {
    this.seed = seed;
    this.#trace = trace;
    this.random = new Random(seed);
    this.config = configOf(this.random);
    this.startServer();
    for (const place of this.config.workers.keys()) this.startWorker(place);
    for (let number = 1; number <= this.config.clients; number += 1) {
      this.clients.push(new SimClient(this, `client ${String(number)}`, this.random.pick(['ada', 'bob'])));
    }
  }

  /** The server's wall clock. */
  get clockMs(): number {
    return Math.floor(CLOCK_START_MS + this.time.nowMs + this.#skewMs);
  }

  ensure(condition: boolean, what: string): asserts condition {
    if (!condition) throw new Violation(what);
  }

  log(line: string): void {
    this.#trace?.(`${this.time.nowMs.toFixed(1).padStart(9)}  ${line}`);
  }

  describe(thing: object): string {
    if (this.#trace === undefined) return '';
    return JSON.stringify(thing, (key, value: unknown) =>
      value instanceof Uint8Array ||
      key === 'info' ||
      key === 'spec' ||
      key === 'program' ||
      key === 'payloads'
        ? undefined
        : value,
    );
  }

  networkDelay(): number {
    return this.random.delay(0.2, this.config.networkMs);
  }

  startServer(): void {
    this.#lives += 1;
    this.server = new SimServer(this, this.store, this.#lives);
  }

  /** The server's process ends; `writes` are what of its last commit has reached the disk. */
  serverEnds(writes: readonly Write[]): void {
    const { server } = this;
    if (server === undefined) return;
    server.log(`is killed, with ${String(writes.length)} writes of its commit on disk`);
    server.apply(writes);
    server.end();
    this.server = undefined;
    for (const connection of this.connections) connection.break();
    this.connections.clear();
    this.store = this.store.clone();
    const { leaseMs } = this.config.server;
    const downMs = this.random.chance(0.7)
      ? this.random.between(10, leaseMs / 4)
      : this.random.delay(10, 2 * leaseMs);
    this.time.after(downMs, () => {
      this.startServer();
    });
  }

  startWorker(place: number): void {
    const shape = this.config.workers[place];
    if (shape === undefined) return;
    this.#instances += 1;
    const instance = `worker ${String(place)}.${String(this.#instances)}`;
    const info = {
      ...{
        name: instance,
        host: 'sim',
        pid: 1,
        slots: shape.slots,
        labels: [],
        resources: { gpu: shape.gpus },
      },
      ...{ evaluators: ['javascript'], cpuModel: '', cpuCount: 1, memoryMb: 1, nodeVersion: '' },
      ...{ packageVersion: '', platform: '', speedMmps: 1, coordinators: shape.coordinators },
    };
    this.workers[place] = new SimWorker(this, instance, info, () => {
      this.#replaceWorker(place);
    });
  }

  killWorker(place: number): void {
    const worker = this.workers[place];
    if (worker?.isAlive !== true) return;
    worker.kill();
    this.#replaceWorker(place);
  }

  #replaceWorker(place: number): void {
    this.workers[place] = undefined;
    this.time.after(this.random.delay(10, 3_000), () => {
      this.startWorker(place);
    });
  }

  jumpClock(ms: number): void {
    this.log(`the server's clock jumps by ${ms.toFixed(0)} ms`);
    this.#skewMs += ms;
    if (ms > 0 && ms <= 3 * this.config.server.tickMs) this.jumpedForwardMs += ms;
  }

  newPlan(key: string): Plan {
    const gpus = Math.max(...this.config.workers.map((worker) => worker.gpus));
    const plan = planOf(this.random, key, gpus);
    this.planned.push(plan);
    return plan;
  }

  programOf(job: LiveJob): ProgramSpec {
    const { name, kind, evaluator, limits, program, attachments } = job.spec;
    const sha256 = 'b10b'.repeat(16);
    const blobs = this.planOfJob(job.id).hasBlobs ? [{ sha256, sizeBytes: 1 }] : [];
    const detached = job.spec.detached ?? false;
    return {
      job: job.id,
      owner: job.owner,
      name,
      kind,
      evaluator,
      limits,
      program,
      attachments,
      blobs,
      detached,
    };
  }

  nameOf(job: JobId): string {
    return this.planOfJob(job).name;
  }

  wallUsOf(job: JobId, index: number): number {
    return Math.round((this.planOfJob(job).tasks[index]?.durationMs ?? 1) * 1_000);
  }

  /** A child starts a task: what it will do. */
  started(held: Held, worker: SimWorker): { durationMs: number; outcome: Outcome; writes: boolean } {
    const plan = this.planOfJob(held.job);
    const text = Buffer.from(held.payload).toString();
    this.ensure(
      text === `${plan.key}/${held.index}`,
      `${worker.name} got ${text} for task ${plan.key}/${held.index}`,
    );
    for (const job of plan.spec.after ?? []) {
      const isOver = this.completed.has(job) || this.forgotten.has(job);
      this.ensure(isOver, `a task of job ${held.job} runs before job ${job} was completed`);
    }
    const task = plan.tasks[held.index];
    this.ensure(task !== undefined, `job ${held.job} has no task ${held.index}`);
    const starts = (plan.starts.get(held.index) ?? 0) + 1;
    plan.starts.set(held.index, starts);
    const { durationMs, writes, failures } = task;
    return { durationMs, writes, outcome: starts <= failures ? 'failed' : 'completed' };
  }

  workerOf(number: number): SimWorker | undefined {
    return this.workers.find((worker) => worker?.state.worker === number);
  }

  /** Attempts at a task that living workers compute, or have the answer of. */
  attemptsAt(job: JobId, index: number): { worker: number; attempt: number }[] {
    const found: { worker: number; attempt: number }[] = [];
    for (const worker of this.workers) {
      for (const held of worker?.state.programs.get(job)?.held.values() ?? []) {
        if (worker === undefined || held.index !== index || held.stale) continue;
        const isRunning = held.place === 'slot' && slotOf(worker.state, held.slot)?.held[0] === held;
        const isDone = held.place === 'storing' || (held.place === 'ended' && hasCompleted(worker, held));
        if (isRunning || isDone) found.push({ worker: worker.state.worker, attempt: held.attempt });
      }
    }
    return found;
  }

  planOfJob(job: JobId): Plan {
    const plan = this.plans.get(this.jobNames.get(job) ?? '');
    if (plan === undefined) throw new Error(`nobody submitted job ${String(job)}`);
    return plan;
  }
}

function hasCompleted(worker: SimWorker, held: Held): boolean {
  return worker.state.unacknowledged.some(
    (message) =>
      message.type === 'answers' &&
      message.ends.some(({ lease, outcome }) => lease === held && outcome === 'completed'),
  );
}
