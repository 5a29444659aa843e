import { shipFunction } from '../code/functions.js';
import { InputWindow } from '../jobs/input-window.js';
import type { ManyInputs } from '../jobs/input-window.js';
import { checkOnError, inputError } from '../jobs/parallel.js';
import type { OnErrorOption } from '../jobs/parallel.js';
import { asDsageError, DsageError, messageOf } from '../model/errors.js';
import { decodeValue, encodeValue } from '../wire/codec.js';
import { LocalPool } from './pool.js';

/** What the threads of this machine may be told. */
export interface LocalOptions extends OnErrorOption {
  /** What the function uses from outside: values that can travel, and functions. */
  readonly scope?: Readonly<Record<string, unknown>>;
  /** Wall time of one input, milliseconds; unlimited unless given. */
  readonly timeoutMs?: number;
  /** Heap of each thread, MiB; Node's own limit unless given. */
  readonly memoryMb?: number;
}

/** An input whose task has ended. */
type Ended =
  | { readonly index: number; readonly answer: Uint8Array }
  | { readonly index: number; readonly error: DsageError };

/** Inputs that are read ahead, for each slot: one that runs, and one that waits for the slot. */
const READ_AHEAD = 2;
const OPTIONS = ['scope', 'timeoutMs', 'memoryMb', 'onError'];

/**
 * Calls a function on many inputs in threads of this machine, and gives `[input, output]` as they finish. The
 * function and the values are those that could travel to a cluster. Threads end with the iteration.
 *
 * @param slots how many threads; as many as this machine has processors when undefined
 */
export function iterateLocally<I, R>(
  fn: (...args: never[]) => R,
  inputs: ManyInputs<I>,
  { slots, ...options }: LocalOptions & { readonly slots: number | undefined },
): AsyncIterable<[input: I, output: Awaited<R>]> {
  checkLocalOptions(options);
  const program = encodeValue({ type: 'function', ...shipFunction(fn, options.scope) });
  const pool = new LocalPool({ memoryMb: options.memoryMb, ...(slots === undefined ? {} : { slots }) });
  const window = new InputWindow<I>(inputs, READ_AHEAD * pool.slots);
  return new LocalRun<I>(pool, window, options).outputs(program) as AsyncGenerator<
    [I, Awaited<R>],
    void,
    void
  >;
}

/** Throws `invalid-argument`, naming the option. */
export function checkLocalOptions(options: LocalOptions): void {
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) {
    throw new DsageError('invalid-argument', `There is no option ${unknown} for threads of this machine.`, {
      hint: `Options are ${OPTIONS.join(', ')}.`,
    });
  }
  for (const key of ['timeoutMs', 'memoryMb'] as const) {
    const value = options[key];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value < 2 ** 31)) continue;
    throw new DsageError('invalid-argument', `${key} is ${String(value)}.`, {
      hint: 'It must be a whole number from 1 to 2,147,483,647.',
    });
  }
  checkOnError(options.onError);
}

/** One iteration: reads inputs as threads get free, and gives what they return. */
class LocalRun<I> {
  readonly #pool: LocalPool;
  readonly #window: InputWindow<I>;
  readonly #options: LocalOptions;
  readonly #ended: Ended[] = [];
  #isRead = false;
  #fault: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(pool: LocalPool, window: InputWindow<I>, options: LocalOptions) {
    this.#pool = pool;
    this.#window = window;
    this.#options = options;
  }

  async *outputs(program: Uint8Array): AsyncGenerator<[I, unknown], void, void> {
    try {
      void this.#read(this.#pool.addProgram({ evaluator: 'javascript', program }));
      while (true) {
        const ended = this.#ended.shift();
        if (ended !== undefined) {
          yield this.#outputOf(ended);
        } else if (this.#fault !== undefined) {
          throw this.#fault.error;
        } else if (this.#isRead && this.#window.pending === 0) {
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      // Not waited for: an input that is on its way may never come.
      void this.#window.close();
      await this.#pool.close();
    }
  }

  /** Never rejects: what the inputs throw, or what is wrong with them, ends the iteration. */
  async #read(programId: number): Promise<void> {
    const { timeoutMs } = this.#options;
    try {
      for (let index = 0; ; index++) {
        const args = await this.#window.next();
        if (args === undefined) break;
        this.#pool.run(programId, encodeArguments(args, index), { index, timeoutMs }).then(
          (answer) => this.#end({ index, answer }),
          (error: unknown) => this.#end({ index, error: asDsageError(error) }),
        );
      }
      this.#isRead = true;
    } catch (error) {
      this.#fault = { error };
    }
    this.#wake();
  }

  #end(ended: Ended): void {
    this.#ended.push(ended);
    this.#wake();
  }

  #outputOf(ended: Ended): [I, unknown] {
    const input = this.#window.take(ended.index);
    if ('answer' in ended) return [input, decodeValue(ended.answer)];
    const error = inputError(input, ended.error);
    if (this.#options.onError === 'yield') return [input, error];
    throw error;
  }
}

function encodeArguments(args: readonly unknown[], index: number): Uint8Array {
  try {
    return encodeValue(args);
  } catch (error) {
    const { code } = asDsageError(error);
    throw new DsageError(code, `Input ${index}: ${messageOf(error)}`, { cause: error });
  }
}
