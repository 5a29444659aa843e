import { Ending } from './ending.js';
import type { EndingCause } from './ending.js';
import type { Entry } from './entry.js';
import { LimitWatch } from './watch.js';
import type { Watched } from './watch.js';

/** Watches the task that runs, and ends it: for a limit, or because it is killed. */
export class Supervision {
  readonly #current: () => Watched | undefined;
  readonly #watch: LimitWatch;
  #ending: Ending | undefined;

  constructor(slotMemoryMb: number, current: () => Watched | undefined) {
    this.#current = current;
    this.#watch = new LimitWatch(slotMemoryMb, current, (entry, cause) => this.end(entry, cause));
  }

  /** The task runs from now on. */
  begin(entry: Entry): void {
    entry.startClock(performance.now());
    this.#watch.begin(entry);
    // It was killed while it waited, and may have started in spite of that.
    if (entry.isReported) this.end(entry, { kind: 'killed', reason: 'The task was killed.' });
  }

  /** Ends the task that runs. The first reason counts; only memory cannot wait. */
  end(entry: Entry, cause: EndingCause): void {
    const child = this.#current()?.child;
    if (child === undefined || (this.#ending !== undefined && cause.kind !== 'memory-limit')) return;
    this.#ending?.cancel();
    this.#ending = new Ending(child, entry, cause);
  }

  /** The task is not there any more: what was being done to end it, if anything was. */
  take(): Ending | undefined {
    const ending = this.#ending;
    if (ending === undefined) return undefined;
    ending.cancel();
    this.#ending = undefined;
    return ending;
  }

  stop(): void {
    this.#watch.stop();
    this.take();
  }
}
