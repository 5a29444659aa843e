import { isIterable } from '../jobs/input-window.js';
import { DsageError } from '../model/errors.js';

/** What `d.map` takes its inputs from; read only as fast as the server takes them. */
export type Inputs<T> = Iterable<T> | AsyncIterable<T>;

/** Where the arguments of a map's tasks come from: one array of them per task. */
export interface ArgumentSource {
  /** Everything can be read without waiting. */
  readonly isSync: boolean;
  /** The next arguments, or undefined at the end. Only when `isSync`. */
  next(): readonly unknown[] | undefined;
  nextAsync(): Promise<readonly unknown[] | undefined>;
  /** Lets inputs that have not ended release what they hold. */
  close(): Promise<void>;
}

/** Several inputs side by side: one array of arguments per task, until the first of them ends. */
export class Zip implements ArgumentSource {
  readonly #iterators: readonly (Iterator<unknown> | AsyncIterator<unknown>)[];
  /** All inputs can be read without waiting. */
  readonly isSync: boolean;

  /** Throws `invalid-argument` for what cannot be iterated over. */
  constructor(inputs: readonly unknown[]) {
    if (inputs.length === 0) {
      throw new DsageError('invalid-argument', 'map needs something to map over.', {
        hint: 'Pass an array or another iterable after the function.',
      });
    }
    this.isSync = inputs.every((input) => !isAsync(input));
    this.#iterators = inputs.map((input, place) => iteratorOf(input, place));
  }

  /** The next arguments, or undefined at the end. Only when `isSync`. */
  next(): unknown[] | undefined {
    const values: unknown[] = [];
    for (const iterator of this.#iterators as readonly Iterator<unknown>[]) {
      const step = iterator.next();
      if (step.done === true) return undefined;
      values.push(step.value);
    }
    return values;
  }

  async nextAsync(): Promise<unknown[] | undefined> {
    const steps = await Promise.all(this.#iterators.map(async (iterator) => iterator.next()));
    return steps.some(({ done }) => done === true) ? undefined : steps.map(({ value }) => value as unknown);
  }

  /** Lets inputs that have not ended release what they hold. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#iterators.map(async (iterator) => iterator.return?.()));
  }
}

function isAsync(input: unknown): input is AsyncIterable<unknown> {
  return typeof input === 'object' && input !== null && Symbol.asyncIterator in input;
}

function iteratorOf(input: unknown, place: number): Iterator<unknown> | AsyncIterator<unknown> {
  if (isAsync(input)) return input[Symbol.asyncIterator]();
  if (isIterable(input)) return input[Symbol.iterator]();
  throw new DsageError('invalid-argument', `Argument ${place + 2} of map cannot be iterated over.`, {
    hint: 'Pass arrays or other iterables, and the options last.',
  });
}
