import { messageOf } from '../model/errors.js';
import { toProblem } from '../wire/errors.js';
import type { WorkerEnd, WorkerNotice } from '../worker/notices.js';

/** Tells whoever started the worker how it goes. */
export interface Reporter {
  started(instance: string): void;
  notice(notice: WorkerNotice): void;
  ended(end: WorkerEnd): void;
  failed(error: unknown): void;
}

/** For programs: one JSON object a line on stdout. */
export class JsonReporter implements Reporter {
  started(instance: string): void {
    this.#print({ event: 'started', pid: process.pid, instance });
  }

  notice(notice: WorkerNotice): void {
    const { type: event, ...fields } = notice;
    if ('why' in fields)
      this.#print({ event, code: fields.why.code, message: fields.why.message, retryMs: fields.retryMs });
    else this.#print({ event, pid: process.pid, ...fields });
  }

  ended(end: WorkerEnd): void {
    if (end.type === 'refused') this.#print({ event: 'refused', ...toProblem(end.why) });
    else this.#print({ event: end.type });
  }

  failed(error: unknown): void {
    this.#print({ event: 'failed', ...toProblem(error) });
  }

  #print(fields: Record<string, unknown>): void {
    process.stdout.write(`${JSON.stringify(fields)}\n`);
  }
}

/** How often a server that does not answer is mentioned. */
const REMINDER_MS = 30_000;

/** For people: a line when something changes, and not every time that a connection fails. */
export class LineReporter implements Reporter {
  readonly #server: string;
  #lastProblem = '';
  #lastAtMs = -Infinity;

  constructor(server: string) {
    this.#server = server;
  }

  started(): void {
    // The first notice says what there is to say.
  }

  notice(notice: WorkerNotice): void {
    switch (notice.type) {
      case 'registered': {
        this.#lastProblem = '';
        const what = notice.again ? 'again at' : 'at';
        this.#say(
          `registered ${what} ${this.#server} as worker ${String(notice.worker)}, ${plural(notice.slots, 'slot')}`,
        );
        return;
      }
      case 'disconnected':
        this.#disconnected(notice.why.message);
        return;
      case 'draining':
        this.#say(
          `draining (${notice.reason}): ${plural(notice.held, 'task')} to finish; again to stop at once`,
        );
        return;
      case 'resumed':
        this.#say('takes tasks again');
    }
  }

  ended(end: WorkerEnd): void {
    if (end.type === 'refused') this.#complain(end.why.message);
    else this.#say(end.type === 'drained' ? 'finished; bye' : 'stopped');
  }

  failed(error: unknown): void {
    this.#complain(messageOf(error));
  }

  #disconnected(problem: string): void {
    const now = Date.now();
    if (problem === this.#lastProblem && now - this.#lastAtMs < REMINDER_MS) return;
    this.#lastProblem = problem;
    this.#lastAtMs = now;
    this.#complain(`${problem} Trying again until one does.`);
  }

  #say(line: string): void {
    process.stdout.write(`dsage-worker: ${line}\n`);
  }

  #complain(line: string): void {
    process.stderr.write(`dsage-worker: ${line}\n`);
  }
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
