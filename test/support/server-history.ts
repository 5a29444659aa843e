import type { Lease, Outcome } from '#dsage/model/task.js';

import type { Random } from './random.js';
import { type LabWorker, ServerLab, type Submitting } from './server-lab.js';

/** A lab that chance plays with: what a cluster's members could send, and now and then what they could not. */
export class History {
  readonly lab = new ServerLab({ leaseMs: 5_000, maxWaitingTasks: 60 });
  readonly #random: Random;
  readonly #workers: LabWorker[] = [];
  /** Every lease that was ever sent: old ones make wrong and late answers. */
  readonly #sent: { worker: LabWorker; lease: Lease }[] = [];

  constructor(random: Random) {
    this.#random = random;
    this.#workers.push(this.lab.worker({ slots: 2, resources: { gpu: 1 }, coordinators: 1 }));
  }

  /** One event or a few. */
  step(): void {
    this.#random.pick(MOVES)(this, this.#random);
    for (const { worker: number, runs } of this.lab.sends('lease')) {
      const worker = this.#workers.find((it) => it.number === number);
      if (worker === undefined) continue;
      for (const { job, firstIndex, count, attempt } of runs) {
        for (let index = firstIndex; index < firstIndex + count; index += 1) {
          this.#sent.push({ worker, lease: { job, index, attempt } });
        }
      }
    }
  }

  submit(how: Submitting): void {
    this.lab.do(this.lab.submission(how));
  }

  addWorker(slots: number): void {
    const resources = { gpu: this.#random.int(0, 2) };
    const role = this.#random.chance(0.8) ? 'worker' : 'user';
    const user = role === 'user' ? this.#random.pick(['ada', 'bob']) : 'machine';
    this.#workers.push(
      this.lab.worker({ slots, resources, coordinators: this.#random.int(0, 2), role, user }),
    );
  }

  get worker(): LabWorker {
    return this.#random.pick(this.#workers);
  }

  get job(): number {
    return this.#random.int(1, Math.max(1, this.lab.state.lastJob + 1));
  }

  /** Answers for leases of any age, from their worker or from another one. */
  answer(outcome: Outcome): void {
    const chosen = this.#sent.slice(-12).filter(() => this.#random.chance(0.4));
    if (chosen.length === 0) return;
    const worker = this.#random.chance(0.9) ? this.#random.pick(chosen).worker : this.worker;
    const leases = chosen.filter((it) => it.worker === worker || this.#random.chance(0.1));
    const answers = leases.map(({ lease }) => ({
      ...lease,
      outcome,
      wallMs: this.#random.pick([1, 30, 900]),
    }));
    this.lab.answers(worker, ...answers);
  }

  register(): void {
    const { worker } = this;
    const held = this.#sent.filter((it) => it.worker === worker && this.#random.chance(0.7));
    this.lab.register(
      worker,
      held.map(({ lease }) => lease),
    );
  }

  /** What waits for what must be the same behind it. */
  restart(): void {
    const { lab } = this;
    const blocked = waitsOf(lab);
    lab.restart();
    if (waitsOf(lab) !== blocked) throw new Error(`the restart turned ${blocked} into ${waitsOf(lab)}`);
  }

  rerun(onlyFailed: boolean): void {
    this.lab.rerun(this.job, onlyFailed);
  }
}

function waitsOf({ state }: ServerLab): string {
  const waits = [...state.blocked].map(([job, open]) => [job, [...open].sort((a, b) => a - b)] as const);
  return JSON.stringify(waits.sort(([a], [b]) => a - b));
}

const MOVES: readonly ((history: History, random: Random) => void)[] = [
  (history, random) => {
    const limits = { maxAttempts: random.int(1, 3), maxFailedTasks: random.chance(0.2) ? 1 : 0 };
    const resources = random.chance(0.2) ? { gpu: 1 } : {};
    const about = { owner: random.pick(['ada', 'bob']), priority: random.int(1, 5), limits, resources };
    const after = random.chance(0.3) ? [history.job, history.job] : undefined;
    const naming = after === undefined ? {} : { after, isAdmin: random.chance(0.7) };
    const detached = random.chance(0.3) ? { detached: true as const } : {};
    const tasks = random.int(0, 9);
    history.submit({ ...about, ...naming, ...detached, tasks, closed: random.chance(0.7) });
  },
  (history, random) => {
    const { job, lab } = history;
    const record = lab.store.job(job);
    if (record === undefined) return;
    const firstIndex = Math.max(0, record.state.taskCount + random.int(-2, 1));
    const count = random.int(0, 4);
    const from = {
      session: record.session,
      connection: 1,
      seq: record.seq,
      owner: record.owner,
      isAdmin: false,
    };
    const tasks = Array.from({ length: count }, () => new Uint8Array([1]));
    const closed = random.chance(0.5);
    const coordinator = random.chance(0.8) ? (record.state.coordinator ?? 0) : 0;
    const part = { firstIndex, payloads: tasks, closed, coordinator };
    lab.do({ type: 'tasks-submitted', target: { job }, ...from, ...part });
  },
  (history, random) => {
    const { job, lab } = history;
    if (random.chance(0.6)) lab.coordinate(job);
    else lab.coordinate(job, { status: random.pick(['completed', 'completed', 'failed']) });
  },
  (history) => {
    history.answer('completed');
  },
  (history) => {
    history.answer('completed');
  },
  (history, random) => {
    history.answer(random.pick(['failed', 'failed', 'returned', 'killed']));
  },
  (history) => {
    history.register();
  },
  (history) => {
    history.lab.disconnect(history.worker);
  },
  (history, random) => {
    history.lab.renew(history.worker, random.pick([0, 2, 5, 40]));
  },
  (history, random) => {
    history.lab.pass(random.pick([1_000, 3_000, 6_000]));
  },
  (history, random) => {
    history.lab.now += random.pick([-100_000, -500, 500, 100_000]);
    history.lab.do({ type: 'ticked' });
  },
  (history, random) => {
    if (random.chance(0.3)) history.addWorker(random.int(1, 3));
  },
  (history, random) => {
    if (random.chance(0.3))
      history.lab.do({ type: 'jobs-killed', request: 1, jobs: [history.job], reason: 'x' });
  },
  (history, random) => {
    const indexes = [random.int(0, 9), random.int(0, 9)];
    history.lab.do({ type: 'tasks-killed', request: 1, job: history.job, indexes, reason: 'x' });
  },
  (history, random) => {
    const type = random.pick(['jobs-paused', 'jobs-resumed', 'jobs-resumed'] as const);
    history.lab.do({ type, request: 1, jobs: [history.job] });
  },
  (history, random) => {
    history.lab.do({ type: 'priority-set', request: 1, jobs: [history.job], priority: random.int(1, 5) });
  },
  (history, random) => {
    history.rerun(random.chance(0.5));
  },
  (history, random) => {
    if (random.chance(0.3)) history.lab.do({ type: 'jobs-forgotten', request: 1, jobs: [history.job] });
  },
  (history, random) => {
    if (random.chance(0.3)) history.restart();
  },
  (history, random) => {
    const { number, connection } = history.worker;
    const stop = random.chance(0.5);
    if (random.chance(0.2)) history.lab.do({ type: 'worker-draining', worker: number, connection, stop });
  },
  (history, random) => {
    const about = { request: 1, worker: history.worker.number, reason: 'x' };
    if (random.chance(0.3)) history.lab.do({ type: 'drain-asked', ...about, stop: random.chance(0.3) });
    else if (random.chance(0.6)) history.lab.do({ type: 'resume-asked', ...about });
    else history.lab.do({ type: 'remove-asked', ...about });
  },
  (history, random) => {
    const job = history.job;
    const owner = random.pick(['ada', 'bob']);
    const said = { text: random.pick(['', 'x'.repeat(600)]), fraction: random.pick([-1, 0.5, 2, NaN]) };
    history.lab.do({ type: 'job-noted', job, owner, coordinator: random.int(0, 1), ...said });
    const live = history.lab.state.jobs.get(job);
    const isWrong = live !== undefined && (live.note.length > 500 || !(live.fraction <= 1));
    if (isWrong) throw new Error(`job ${String(job)} keeps a note that it should not`);
  },
];
