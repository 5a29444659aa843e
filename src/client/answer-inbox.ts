import type { Heard } from '../jobs/port.js';
import type { Answer } from '../model/task.js';
import { readAnswerRecord, readAnswerRecords } from '../wire/packed.js';
import { inlinePayload, readPayload } from '../wire/payload.js';
import type { Blobs } from './blobs.js';
import type { AnswerBatch } from './core/answers.js';
import { failureOf, taskError, valueOf } from './failure.js';
import { InOrder } from './in-order.js';

export interface AnswerInboxOptions {
  readonly blobs: Blobs;
  /** Answers in the order in which they were recorded, large ones fetched. Nothing of them is kept here. */
  readonly onHeard: (heard: readonly Heard[]) => void;
  readonly onProblem: (thrown: unknown) => void;
}

/** Turns what comes over the wire into answers, in order: one that is a blob keeps those behind it waiting. */
export class AnswerInbox {
  readonly #options: AnswerInboxOptions;
  #nextOrdinal = 0;
  readonly #order: InOrder;

  constructor(options: AnswerInboxOptions) {
    this.#options = options;
    this.#order = new InOrder(options.onProblem);
  }

  /** Answers from this ordinal on may be missing: what a watch asks for after a reconnect. */
  get nextOrdinal(): number {
    return this.#nextOrdinal;
  }

  add(batch: AnswerBatch): void {
    const answers: Answer[] = [];
    let ordinal = batch.firstOrdinal;
    for (const { record } of readAnswerRecords(batch.packedAnswers, batch.count)) {
      // After a reconnect some come again.
      if (ordinal >= this.#nextOrdinal) answers.push(readAnswerRecord(record));
      ordinal += 1;
    }
    this.#nextOrdinal = Math.max(this.#nextOrdinal, ordinal);
    if (answers.length === 0) return;
    if (this.#order.isIdle && !answers.some(isBlob)) this.#hand(answers);
    else this.#order.enqueue(() => this.#fetchAll(answers));
  }

  /** Calls it once all that came before has been handed on. */
  then(done: () => void): void {
    if (this.#order.isIdle) done();
    else this.#order.enqueue(done);
  }

  async #fetchAll(answers: readonly Answer[]): Promise<void> {
    for (const answer of answers) this.#hand([await this.#fetched(answer)]);
  }

  async #fetched(answer: Answer): Promise<Answer> {
    const content = readPayload(answer.payload);
    if (content.type !== 'blob') return answer;
    return { ...answer, payload: inlinePayload(await this.#options.blobs.get(content.ref)) };
  }

  #hand(answers: readonly Answer[]): void {
    this.#options.onHeard(answers.map(heardOf));
  }
}

function isBlob({ payload }: Answer): boolean {
  return readPayload(payload).type === 'blob';
}

function heardOf(answer: Answer): Heard {
  const { index, outcome, payload } = answer;
  if (outcome === 'completed') return { index, outcome, value: valueOf(payload) };
  const error = taskError(`Task ${index}`, answer, [failureOf(answer)]);
  return { index, outcome: outcome === 'failed' ? 'failed' : 'killed', error };
}
