import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

import type { Send } from '../core/effects.js';

/** How often the event loop is looked at: what the timer measures includes this wait. */
const RESOLUTION_MS = 10;
const KEPT_COMMITS = 1_024;
/** Percentiles of the event loop are of the last one to two of these. */
const WINDOW_MS = 60_000;

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Whom the figures are also told to, as they come. */
export interface VitalsListener {
  committed(ms: number): void;
  /** So many tasks of a job that was submitted then have ended now. */
  tasksEnded(count: number, sinceMs: number): void;
  jobEnded(status: string): void;
}

/** How the server itself fares: each figure costs the same however much it has to do. */
export class Vitals {
  readonly #now: () => number;
  readonly #createdAt: (job: number) => number | undefined;
  readonly #commits = new Float64Array(KEPT_COMMITS);
  #commitCount = 0;
  #current: IntervalHistogram | undefined;
  #before: IntervalHistogram | undefined;
  #timer: NodeJS.Timeout | undefined;
  #listener: VitalsListener | undefined;

  /** @param createdAt when an unfinished job was submitted */
  constructor(now: () => number, createdAt: (job: number) => number | undefined) {
    this.#now = now;
    this.#createdAt = createdAt;
  }

  start(): void {
    this.#rotate();
    this.#timer = setInterval(() => {
      this.#rotate();
    }, WINDOW_MS).unref();
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#current?.disable();
    this.#before?.disable();
  }

  tell(listener: VitalsListener): void {
    this.#listener = listener;
  }

  /** Called after each batch of the engine, with its figures. */
  noteCommits({ commits, lastCommitMs }: { readonly commits: number; readonly lastCommitMs: number }): void {
    if (commits === this.#commitCount) return;
    this.#commits[(commits - 1) % KEPT_COMMITS] = lastCommitMs;
    this.#commitCount = commits;
    this.#listener?.committed(lastCommitMs);
  }

  note(send: Send): void {
    if (send.type === 'announce-answers') {
      const now = this.#now();
      this.#listener?.tasksEnded(send.count, now - (this.#createdAt(send.job) ?? now));
    } else if (send.type === 'announce-job' && send.snapshot.endedAtMs !== 0) {
      this.#listener?.jobEnded(send.snapshot.status);
    }
  }

  /** Of the last commits. */
  get commitMs(): Percentiles {
    const kept = this.#commits.slice(0, Math.min(this.#commitCount, KEPT_COMMITS)).sort();
    const at = (share: number) => rounded(kept[Math.floor(share * (kept.length - 1))] ?? 0);
    return { p50: at(0.5), p99: at(0.99) };
  }

  /** By how much timers came too late, which is how long callers wait before anything looks at them. */
  get eventLoopDelayMs(): Percentiles {
    const at = (percent: number) => {
      const ofEach = [this.#before, this.#current].map((it) => it?.percentile(percent) ?? 0);
      return rounded(Math.max(0, Math.max(...ofEach) / 1e6 - RESOLUTION_MS));
    };
    return { p50: at(50), p99: at(99) };
  }

  #rotate(): void {
    this.#before?.disable();
    this.#before = this.#current;
    this.#before?.disable();
    this.#current = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#current.enable();
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
