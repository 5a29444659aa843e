import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import { JOB_STATUSES } from '../../model/status.js';
import { packageVersion } from '../../wire/hello.js';
import { figuresOf } from '../figures.js';
import type { MonitorServices } from './monitor-services.js';
import { ENDED } from './view/job-table.js';

const TASK_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 43_200, 172_800];
const COMMIT_SECONDS = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** `/metrics`: what the server counts as it works, in the text form of Prometheus. Reading it iterates no jobs. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #services: MonitorServices;

  constructor(services: MonitorServices) {
    this.#services = services;
    this.#addNow();
    this.#addHealth();
    this.#addEvents();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** What there is to do, and who does it. */
  #addNow(): void {
    const figures = () => figuresOf(this.#services);
    this.#gauge('dsage_tasks_waiting', 'Tasks that wait for a slot.', () => figures().tasks?.waiting ?? 0);
    this.#gauge('dsage_tasks_leased', 'Tasks that workers hold.', () => figures().tasks?.processing ?? 0);
    this.#gauge('dsage_jobs_unfinished', 'Jobs that have not ended.', () => figures().unfinishedJobs);
    const { counts } = this.#services.live.table;
    new Gauge({
      name: 'dsage_jobs',
      help: 'Unfinished jobs, and ended ones that are kept.',
      labelNames: ['status'],
      registers: [this.#registry],
      collect() {
        for (const status of JOB_STATUSES) this.set({ status }, counts[status]);
      },
    });
    this.#gauge('dsage_tasks_per_second', 'Mean of the last ten seconds.', () => figures().tasksPerSecond);
    this.#gauge('dsage_workers', 'Workers that are connected.', () => figures().workers);
    this.#gauge('dsage_slots', 'Slots of connected workers.', () => figures().slots);
    this.#gauge('dsage_slots_busy', 'Slots that run a task.', () => figures().busySlots);
    this.#gauge('dsage_clients', 'Clients that are connected.', () => figures().clients);
  }

  #addHealth(): void {
    const { vitals, startedAtMs, engine, storeBytes } = this.#services;
    this.#gauge('dsage_start_time_seconds', 'When the server started.', () => startedAtMs / 1000);
    this.#gauge('dsage_memory_bytes', 'Resident memory of the server.', () => process.memoryUsage.rss());
    this.#gauge('dsage_store_bytes', 'Size of the database.', storeBytes);
    this.#gauge('dsage_commits', 'Commits since the start.', () => engine.figures.commits);
    new Gauge({
      name: 'dsage_event_loop_delay_seconds',
      help: 'By how much timers come too late, over the last one to two minutes.',
      labelNames: ['quantile'],
      registers: [this.#registry],
      collect() {
        const { p50, p99 } = vitals.eventLoopDelayMs;
        this.set({ quantile: '0.5' }, p50 / 1000);
        this.set({ quantile: '0.99' }, p99 / 1000);
      },
    });
    const build = new Gauge({
      name: 'dsage_build_info',
      help: 'Always 1; the versions are labels.',
      labelNames: ['version', 'node'],
      registers: [this.#registry],
    });
    build.set({ version: packageVersion(), node: process.version }, 1);
  }

  /** Counted as they happen. */
  #addEvents(): void {
    const registers = [this.#registry];
    const jobs = new Counter({
      name: 'dsage_jobs_ended_total',
      help: 'Jobs that have ended since the start.',
      labelNames: ['status'],
      registers,
    });
    for (const status of ENDED) jobs.inc({ status }, 0);
    const tasks = new Counter({
      name: 'dsage_tasks_ended_total',
      help: 'Tasks that have ended since the start, however they did.',
      registers,
    });
    const seconds = new Histogram({
      name: 'dsage_task_seconds',
      help: "From the submission of a task's job to the commit of its answer.",
      buckets: TASK_SECONDS,
      registers,
    });
    const commits = new Histogram({
      name: 'dsage_commit_seconds',
      help: 'How long a commit to the database takes.',
      buckets: COMMIT_SECONDS,
      registers,
    });
    this.#services.vitals.tell({
      committed: (ms) => {
        commits.observe(ms / 1000);
      },
      tasksEnded: (count, sinceMs) => {
        tasks.inc(count);
        for (let ended = 0; ended < count; ended += 1) seconds.observe(sinceMs / 1000);
      },
      jobEnded: (status) => {
        jobs.inc({ status });
      },
    });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      ...{ name, help, registers: [this.#registry] },
      collect() {
        this.set(read());
      },
    });
  }
}
