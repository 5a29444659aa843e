import { needsOfCoordinator } from '../../core/leases.js';
import { unfit } from '../../core/schedule.js';
import { type LiveJob, type Needs, needsOfJob, type State } from '../../core/state.js';

/** How many waiting tasks no connected worker could run. Jobs with the same needs are looked at once a tick. */
export class Stuck {
  readonly #state: State;
  readonly #verdicts = new Map<string, boolean>();

  constructor(state: State) {
    this.#state = state;
  }

  /** Workers may have come and gone. */
  tick(): void {
    this.#verdicts.clear();
  }

  of(job: LiveJob): number {
    const tasks = job.waiting.size > 0 && !this.#canRun(job.queueKey, needsOfJob(job)) ? job.waiting.size : 0;
    if (!job.coordinatorWaits) return tasks;
    const key = `coordinator ${job.owner} ${job.spec.evaluator}`;
    return tasks + (this.#canRun(key, needsOfCoordinator(job)) ? 0 : 1);
  }

  #canRun(key: string, needs: Needs): boolean {
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    let can = false;
    for (const worker of this.#state.workers.values()) {
      if (worker.connection === undefined || unfit(worker, needs) !== undefined) continue;
      can = true;
      break;
    }
    this.#verdicts.set(key, can);
    return can;
  }
}
