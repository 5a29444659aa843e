import type { Io } from '../io.js';

/** What is to become of a job at Ctrl-C. */
export type Decision = 'detach' | 'stop';

export interface InterruptOptions {
  readonly io: Io;
  /** Ctrl-C asks this; without a question it decides `otherwise`. */
  readonly question: string | undefined;
  readonly otherwise: Decision;
  /** Shows the question. */
  readonly onAsk: (question: string) => void;
  /** It has been answered, or is taken back. */
  readonly onAnswered: () => void;
  /** The job is to go on. */
  readonly onContinue: () => void;
}

const ANSWERS: ReadonlyMap<string, Decision | 'continue'> = new Map([
  ['d', 'detach'],
  ['s', 'stop'],
  ['c', 'continue'],
  ['\r', 'continue'],
  ['\u001b', 'continue'],
  // Ctrl-C: a terminal that gives single keys sends no signal.
  ['\u0003', 'stop'],
]);

/** Hears Ctrl-C, and asks what it means. A second Ctrl-C, and SIGTERM, decide `stop` without asking. */
export class Interrupts {
  readonly #options: InterruptOptions;
  readonly #release: () => void;
  #decide: (decision: Decision) => void = () => undefined;
  #closeQuestion: (() => void) | undefined;
  /** Never settles unless there is a decision. */
  readonly decision: Promise<Decision>;

  constructor(options: InterruptOptions) {
    this.#options = options;
    this.decision = new Promise((resolve) => (this.#decide = resolve));
    this.#release = options.io.onInterrupt((signal) => this.#onSignal(signal));
  }

  /** From now on Ctrl-C ends the process. Takes a question back that is open. Idempotent. */
  stop(): void {
    this.#closeQuestion?.();
    this.#release();
  }

  #onSignal(signal: 'SIGINT' | 'SIGTERM'): void {
    const { question, otherwise } = this.#options;
    if (this.#closeQuestion !== undefined) this.#settle('stop');
    else if (question === undefined) this.#settle(otherwise);
    else if (signal === 'SIGTERM') this.#settle('stop');
    else this.#ask(question);
  }

  #ask(question: string): void {
    const { io, onAsk, onAnswered, onContinue } = this.#options;
    const { stdin } = io;
    const onKeys = (chunk: Buffer): void => {
      const answer = answerIn(chunk.toString());
      if (answer === undefined) return;
      if (answer !== 'continue') {
        this.#settle(answer);
        return;
      }
      this.#closeQuestion?.();
      onContinue();
    };
    this.#closeQuestion = () => {
      this.#closeQuestion = undefined;
      stdin.off('data', onKeys).setRawMode(false).pause();
      onAnswered();
    };
    onAsk(question);
    stdin.setRawMode(true).on('data', onKeys).resume();
  }

  #settle(decision: Decision): void {
    this.stop();
    this.#decide(decision);
  }
}

/** The first key that is an answer. Arrows and the like begin as Escape does, which alone is one. */
function answerIn(keys: string): Decision | 'continue' | undefined {
  if (keys.length > 1 && keys.startsWith('\u001b')) return undefined;
  const found = Array.from(keys.toLowerCase()).find((key) => ANSWERS.has(key));
  return found === undefined ? undefined : ANSWERS.get(found);
}
