import type { Dsage } from '../../client/connect.js';
import type { AnyJob } from '../../client/runs.js';
import type { RunView } from '../format/run-progress.js';
import { Pace } from './pace.js';

const ASK_EVERY_MS = 1_000;

export interface ViewOptions {
  /** One of its tasks is its coordinator. */
  readonly isDetached: boolean;
  /** How many tasks had ended before this process came. */
  readonly baseline: number;
}

/** Gathers how far a job is: most from the job itself, and from the server how many of its tasks run. */
export class JobView {
  readonly #d: Dsage;
  readonly #job: AnyJob;
  readonly #isDetached: boolean;
  readonly #pace: Pace;
  #running: number | undefined;
  #isAsking = false;
  readonly #timer: NodeJS.Timeout;

  constructor(d: Dsage, job: AnyJob, { isDetached, baseline }: ViewOptions) {
    this.#d = d;
    this.#job = job;
    this.#isDetached = isDetached;
    this.#pace = new Pace(baseline);
    this.#timer = setInterval(() => void this.#ask(), ASK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  current(): RunView {
    const nowMs = performance.now();
    const { id, done: hasEnded, time } = this.#job;
    const { done, failed } = quietly(() => this.#job.progress) ?? { done: 0, failed: 0 };
    this.#pace.note(nowMs, done);
    return {
      ...{ id, done, failed },
      total: quietly(() => this.#job.total),
      running: hasEnded ? undefined : this.#running,
      perSecond: this.#pace.perSecond(nowMs),
      elapsedMs: time * 1000,
      stage: quietly(() => this.#job.stage) ?? '',
    };
  }

  async #ask(): Promise<void> {
    const { id, done } = this.#job;
    if (this.#isAsking || id === undefined || done) return;
    this.#isAsking = true;
    try {
      const [{ counts }, { slots }] = await Promise.all([this.#d.jobInfo(id), this.#d.serverStatus()]);
      // Workers hold a few tasks more than they run, so that short ones never let them wait.
      this.#running = Math.min(slots, Math.max(0, counts.processing - (this.#isDetached ? 1 : 0)));
    } catch {
      // The server is away, or the job; whoever waits for the job hears of it.
      this.#running = undefined;
    } finally {
      this.#isAsking = false;
    }
  }
}

/** What the class itself computes may throw, and a display is no place for that. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
