import type { DistributedJob } from './distributed-job.js';
import type { Note, TaskPort } from './port.js';

/** People read it: more often is no use, and the server hears of every job. */
const GAP_MS = 1_000;
const MAX_TEXT = 500;

/** Looks once a second at what a job says of itself, and passes it on when it changed. */
export class Noting {
  readonly #job: DistributedJob;
  readonly #port: TaskPort;
  readonly #timer: NodeJS.Timeout;
  #last: Note = { text: '', fraction: -1 };

  constructor(job: DistributedJob, port: TaskPort) {
    this.#job = job;
    this.#port = port;
    this.#timer = setInterval(() => this.#look(), GAP_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    // Who has no number is not known anywhere else.
    if (this.#job.id === undefined) return;
    const note = noteOf(this.#job);
    if (note === undefined || (note.text === this.#last.text && note.fraction === this.#last.fraction))
      return;
    this.#last = note;
    this.#port.note?.(note);
  }
}

/** Undefined when the job's own code fails at it: that is no reason to stop the job. */
function noteOf(job: DistributedJob): Note | undefined {
  try {
    // They may be anything in a class that is not ours.
    const said: { readonly note: unknown; readonly fraction: unknown } = job;
    const { note, fraction } = said;
    const isPart = typeof fraction === 'number' && fraction >= 0;
    return {
      text: typeof note === 'string' ? note.slice(0, MAX_TEXT) : '',
      fraction: isPart ? Math.min(1, fraction) : -1,
    };
  } catch {
    return undefined;
  }
}
