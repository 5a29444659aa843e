import type { JobId, JobRecord } from '../../../model/job.js';
import type { FailureLine, History, JobSummary } from '../../../model/monitor.js';
import { isFinal } from '../../../model/status.js';
import type { WorkerNumber } from '../../../model/worker.js';
import type { Send } from '../../core/effects.js';
import { type LiveGrant, type LiveJob, type State, statusOf } from '../../core/state.js';
import type { LeaseRun } from '../../core/writes.js';
import type { Store } from '../../store/store.js';
import { activeJobs } from './active-jobs.js';
import { CountEnded } from './count-ended.js';
import { EndedTasks } from './ended-tasks.js';
import { HistoryRing } from './history-ring.js';
import { JobTable } from './job-table.js';
import { RecentFailures } from './recent-failures.js';
import { Stuck } from './stuck.js';
import { jobSummary } from './summaries.js';

const TICK_MS = 1_000;

export interface LiveViewOptions {
  readonly state: State;
  readonly store: Store;
  readonly now: () => number;
}

/**
 * What the monitor shows of the whole: kept as it changes, from the sends that leave after their commit. Asking costs
 * the same however many jobs there are, and nothing here changes the server.
 */
export class LiveView {
  readonly table = new JobTable();
  readonly ended = new EndedTasks();
  readonly #options: LiveViewOptions;
  readonly #history = new HistoryRing();
  readonly #failures: RecentFailures;
  readonly #stuck: Stuck;
  readonly #counting: CountEnded;
  /** When each lease was given; the state does not say. */
  readonly #grantedAt = new WeakMap<readonly LeaseRun[], number>();
  /** By owner: how often a job of theirs changed. */
  readonly #versions = new Map<string, number>();
  #version = 0;
  #tasksInSecond = 0;
  #timer: NodeJS.Timeout | undefined;
  #isCounted = false;
  /** Forgotten while jobs are counted: a page of the store that was read before may still have them. */
  readonly #gone = new Set<JobId>();

  constructor(options: LiveViewOptions) {
    this.#options = options;
    const { state, store } = options;
    this.#failures = new RecentFailures(store);
    this.#stuck = new Stuck(state);
    for (const job of state.jobs.values()) this.table.set(job.id, job.owner, statusOf(job));
    this.#counting = new CountEnded({
      jobs: () => store.jobs({ newestFirst: true }),
      note: (record) => {
        this.#found(record);
      },
      onDone: () => {
        this.#isCounted = true;
        this.#gone.clear();
      },
    });
  }

  /** Counts jobs that ended before the start, in the background. */
  start(): void {
    this.#counting.start();
    this.#timer = setInterval(() => {
      this.tick();
    }, TICK_MS);
  }

  /** Idempotent, and safe before `start`. */
  stop(): void {
    this.#counting.stop();
    clearInterval(this.#timer);
  }

  /** Whether the table has all jobs of the store. */
  get isCounted(): boolean {
    return this.#isCounted;
  }

  /** Called with each send after its commit. */
  note(send: Send): void {
    switch (send.type) {
      case 'accept':
        this.#entered(send.job);
        break;
      case 'announce-job':
        this.#changed(send);
        break;
      case 'announce-note':
        this.#raise(this.table.owner(send.job));
        break;
      case 'announce-answers':
        this.#tasksInSecond += send.count;
        this.ended.note(send.job, send.records);
        this.#raise(this.table.owner(send.job));
        break;
      case 'announce-forgotten':
        for (const job of send.jobs) {
          this.#raise(this.table.owner(job));
          this.table.delete(job);
          if (!this.#isCounted) this.#gone.add(job);
        }
        this.#failures.forget(send.jobs);
        break;
      case 'lease':
        this.#grantedAt.set(send.runs, this.#options.now());
        break;
      default:
    }
  }

  /** Called every second. */
  tick(): void {
    let [slots, busySlots] = [0, 0];
    for (const worker of this.#options.state.workers.values()) {
      if (worker.connection === undefined) continue;
      slots += worker.info.slots;
      busySlots += worker.busySlots;
    }
    this.#history.add({ tasks: this.#tasksInSecond, slots, busySlots }, this.#options.now());
    this.#tasksInSecond = 0;
    this.#stuck.tick();
    this.ended.tick(this.#options.state.workers);
  }

  history(): History {
    return this.#history.read();
  }

  /** The newest failed jobs since the start, of one owner or of all. */
  failures(owner: string | undefined): readonly FailureLine[] {
    return this.#failures.newest(owner);
  }

  /** Unfinished jobs that run first, of one owner or of all, at most 20. */
  active(owner: string | undefined): readonly JobSummary[] {
    return activeJobs(this.#options.state, this.table, owner).map((job) => this.summary(job));
  }

  /** A number that rises when a job of this owner changes, or any job. */
  version(owner: string | undefined): number {
    return owner === undefined ? this.#version : (this.#versions.get(owner) ?? 0);
  }

  summary(record: JobRecord | LiveJob): JobSummary {
    return jobSummary(this.#options.state.jobs.get(record.id) ?? record, (job) => this.#stuck.of(job));
  }

  /** 0 for a lease from before the start. */
  grantedAtMs(grant: LiveGrant): number {
    return this.#grantedAt.get(grant.runs) ?? 0;
  }

  nameOf(worker: WorkerNumber): string {
    const live = this.#options.state.workers.get(worker);
    return live?.info.name ?? this.#options.store.worker(worker)?.name ?? '';
  }

  #found({ id, owner, state }: JobRecord): void {
    // What was told since the start is newer, and unfinished jobs are in the table from the start on.
    if (this.table.status(id) !== undefined || this.#gone.has(id) || !isFinal(state.status)) return;
    this.table.set(id, owner, state.status);
  }

  /** The repeat of a submission is accepted too, when its job may have ended long ago. */
  #entered(id: JobId): void {
    const job = this.#options.state.jobs.get(id);
    if (job === undefined) return;
    this.table.set(id, job.owner, statusOf(job));
    this.#raise(job.owner);
  }

  #changed({ job, snapshot }: Extract<Send, { type: 'announce-job' }>): void {
    const { state, store, now } = this.#options;
    const owner = this.table.owner(job) ?? state.jobs.get(job)?.owner ?? store.job(job)?.owner;
    // Forgotten in the same turn that it ended in.
    if (owner === undefined) return;
    this.table.set(job, owner, snapshot.status);
    this.#raise(owner);
    if (snapshot.status === 'failed') this.#failures.add(job, snapshot.endedAtMs || now(), snapshot.reason);
  }

  #raise(owner: string | undefined): void {
    this.#version += 1;
    if (owner !== undefined) this.#versions.set(owner, (this.#versions.get(owner) ?? 0) + 1);
  }
}
