import { writeAbort } from '../child/messages.js';
import type { Entry } from './entry.js';
import type { TaskChild } from './task-child.js';

const ABORT_GRACE_MS = 500;
const TERM_GRACE_MS = 1000;

/** Why a running task is being ended from outside. */
export type EndingCause =
  | { readonly kind: 'time-limit'; readonly limitMs: number }
  | { readonly kind: 'memory-limit'; readonly limitMb: number; readonly usedKb: number }
  | { readonly kind: 'killed'; readonly reason: string };

/** How far it went: what the task did not react to. */
export type EndingStep = 'asked' | 'terminated' | 'killed';

/**
 * Ends the task that runs: its AbortSignal, then SIGTERM, then SIGKILL to the process group. Memory does not
 * wait: there it is SIGKILL at once.
 */
export class Ending {
  readonly entry: Entry;
  readonly cause: EndingCause;
  step: EndingStep = 'asked';
  readonly #child: TaskChild;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: TaskChild, entry: Entry, cause: EndingCause) {
    this.#child = child;
    this.entry = entry;
    this.cause = cause;
    if (cause.kind === 'memory-limit') {
      this.#kill();
      return;
    }
    const code = cause.kind === 'killed' ? 'killed' : 'timeout';
    writeAbort(child.writer, { ticket: entry.ticket, code, reason: describeCause(cause) });
    child.send();
    this.#timer = setTimeout(() => this.#terminate(), ABORT_GRACE_MS);
  }

  /** The task has ended. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  #terminate(): void {
    this.step = 'terminated';
    this.#child.signal('SIGTERM');
    this.#timer = setTimeout(() => this.#kill(), TERM_GRACE_MS);
  }

  #kill(): void {
    this.step = 'killed';
    this.#child.signal('SIGKILL');
  }
}

function describeCause(cause: EndingCause): string {
  switch (cause.kind) {
    case 'time-limit':
      return `The task ran longer than its limit of ${seconds(cause.limitMs)}`;
    case 'memory-limit':
      return `The task used ${Math.ceil(cause.usedKb / 1024)} MiB of memory; its limit is ${cause.limitMb} MiB`;
    case 'killed':
      return cause.reason;
  }
}

/** The whole story: the cause, and what the task did not react to. */
export function describeEnding({ cause, step }: Ending): string {
  if (cause.kind !== 'time-limit') return cause.kind === 'killed' ? cause.reason : `${describeCause(cause)}.`;
  return `${describeCause(cause)}: ${HOW_IT_ENDED[step]}.`;
}

const HOW_IT_ENDED: Readonly<Record<EndingStep, string>> = {
  asked: 'it stopped when its signal was aborted',
  terminated: 'it did not react to its signal being aborted, and was ended by SIGTERM',
  killed: 'it reacted neither to its signal being aborted nor to SIGTERM, and was ended by SIGKILL',
};

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(3))} s`;
}
