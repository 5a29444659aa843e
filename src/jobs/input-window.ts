import { DsageError } from '../model/errors.js';

/** Inputs for many calls: an array, a generator or another iterable, or an asynchronous one. They may be endless. */
export type ManyInputs<I> = (Iterable<I> & object) | AsyncIterable<I>;

/**
 * Whether a value is many inputs, and no value by itself: a string, a Map, a Set and a typed array can be iterated
 * over too, and are arguments.
 */
export function isManyInputs(value: unknown): value is ManyInputs<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) || Symbol.asyncIterator in value) return true;
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) return false;
  return Symbol.iterator in value;
}

/** Whether a value can be one argument's inputs, a string's characters included. */
export function isIterable(input: unknown): input is Iterable<unknown> {
  return (
    typeof input === 'string' || (typeof input === 'object' && input !== null && Symbol.iterator in input)
  );
}

/** The arguments that an input stands for: an array is the list of them, anything else is the only one. */
export function argumentsOf(input: unknown): readonly unknown[] {
  return Array.isArray(input) ? input : [input];
}

/**
 * Reads inputs no further than a window ahead of their outputs, and keeps each until its output is there: what has
 * been given back is forgotten, so that inputs without an end take no more memory than the window.
 */
export class InputWindow<I> {
  readonly #iterator: Iterator<I, unknown> | AsyncIterator<I, unknown>;
  readonly #isAsync: boolean;
  readonly #size: number;
  readonly #kept = new Map<number, I>();
  #count = 0;
  #isStopped = false;
  #isClosed = false;
  #isExhausted = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  /** Throws `invalid-argument` for what cannot be iterated over. */
  constructor(inputs: ManyInputs<I>, size: number) {
    if (!isManyInputs(inputs)) {
      throw new DsageError('invalid-argument', 'The inputs cannot be iterated over.', {
        hint: 'Pass an array, a generator or another iterable of inputs.',
      });
    }
    this.#size = size;
    this.#isAsync = Symbol.asyncIterator in inputs;
    this.#iterator =
      Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  }

  /** Inputs that were read and have no output yet. */
  get pending(): number {
    return this.#kept.size;
  }

  /** All inputs were read. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** What the inputs threw. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The arguments of the next input, once there is room for it; undefined at the end. Rejects with what the inputs throw. */
  async next(): Promise<readonly unknown[] | undefined> {
    while (!this.#isClosed && (this.#isStopped || this.#kept.size >= this.#size)) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#isClosed || this.#isExhausted) return undefined;
    try {
      const step = this.#iterator.next();
      // Without a promise where none is needed: there may be a million inputs.
      const { done, value }: IteratorResult<I, unknown> = this.#isAsync
        ? await step
        : (step as IteratorResult<I, unknown>);
      this.#isExhausted = done === true;
      if (done === true) return undefined;
      this.#kept.set(this.#count++, value);
      return argumentsOf(value);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  has(index: number): boolean {
    return this.#kept.has(index);
  }

  /** The input with this index, from 0, which is not kept any longer. */
  take(index: number): I {
    const input = this.#kept.get(index) as I;
    this.#kept.delete(index);
    this.#wake();
    return input;
  }

  /** Reads nothing more; whoever waits for a next input waits on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Ends the inputs, and lets them release what they hold. Never rejects; whoever waits for a next input gets the end. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wake();
    try {
      if (!this.#isExhausted && this.#failure === undefined) await this.#iterator.return?.();
    } catch {
      // What inputs throw when nobody wants them any more is of no use to anybody.
    }
  }
}
