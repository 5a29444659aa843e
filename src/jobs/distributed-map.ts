import { shipFunction } from '../code/functions.js';
import type { ShippedFunction } from '../code/functions.js';
import { instantiate } from '../code/instantiate.js';
import type { Instance } from '../code/instantiate.js';
import { DsageError } from '../model/errors.js';
import { decodeValue, encodeValue } from '../wire/codec.js';
import type { JobContext } from './context.js';
import { DistributedJob } from './distributed-job.js';
import { isIterable } from './input-window.js';

/** What a DistributedMap is made from again: values that travel. */
export interface DistributedMapParameters {
  readonly function: ShippedFunction;
  /** One array for each argument of the function. */
  readonly inputs: readonly (readonly unknown[])[];
}

/** One call of the function. */
export interface DistributedMapTask {
  /** Where its answer goes: a task that is tried again as a new one has another index. */
  readonly place: number;
  readonly args: readonly unknown[];
}

export interface DistributedMapOptions {
  /** What the function uses from outside: values that can travel, and functions. */
  readonly scope?: Readonly<Record<string, unknown>>;
}

/**
 * `d.map` as a job class: calls a function on inputs side by side, until the first of them ends. Its result has what
 * the calls returned, in the order of the inputs; what is not there yet is undefined.
 *
 *     const job = d.start(new DistributedMap((a, b) => a * b, [[1, 2, 3], [4, 5, 6]]));
 *     await job.wait(); // [4, 10, 18]
 *
 * The inputs are copied when the job is made, so that they can travel with it: for inputs that are too many for that,
 * or have no end, there is `d.map`.
 */
export class DistributedMap<A extends unknown[] = unknown[], R = unknown> extends DistributedJob<
  DistributedMapParameters,
  DistributedMapTask,
  Awaited<R>,
  Awaited<R>[]
> {
  static readonly module = import.meta.url;

  /** Throws `invalid-argument` for what are no parameters of a DistributedMap. */
  static override fromParameters(parameters: unknown): DistributedMap {
    const { function: shipped, inputs } = (parameters ?? {}) as Partial<DistributedMapParameters>;
    if (typeof shipped?.source !== 'string' || !Array.isArray(inputs)) {
      throw new DsageError('invalid-argument', 'A DistributedMap is made from { function, inputs }.', {
        hint: 'Pass the parameters of another DistributedMap.',
      });
    }
    return new DistributedMap(shipped, inputs as readonly (readonly unknown[])[]);
  }

  readonly #answers: Awaited<R>[];
  #instance: Instance | undefined;

  /**
   * @param fn travels as source: what it uses from outside must be in `scope`
   * @param inputs for each argument an array or another iterable; those that are no arrays are read here
   *
   * Throws `not-shippable`, naming the variable or the path to the value, and `invalid-argument` for other inputs.
   */
  constructor(
    fn: ((...args: A) => R) | ShippedFunction,
    inputs: { readonly [Place in keyof A]: Iterable<A[Place]> },
    { scope }: DistributedMapOptions = {},
  ) {
    const shipped = typeof fn === 'object' ? fn : shipFunction(fn, scope);
    const columns = columnsOf(inputs);
    // A copy: parameters are frozen, and nobody wants their own inputs frozen.
    super(decodeValue(encodeValue({ function: shipped, inputs: columns })) as DistributedMapParameters);
    this.#answers = Array.from({ length: this.total }, () => undefined as Awaited<R>);
  }

  /** How many calls there are. */
  override get total(): number {
    return Math.min(...this.parameters.inputs.map(({ length }) => length));
  }

  override *tasks(): Generator<DistributedMapTask, void, void> {
    const { inputs } = this.parameters;
    for (let place = 0; place < this.total; place++) {
      yield { place, args: inputs.map((column) => column[place]) };
    }
  }

  override compute({ args }: DistributedMapTask, context: JobContext): Awaited<R> | Promise<Awaited<R>> {
    this.#instance ??= instantiate(thawed(this.parameters.function), 'map.js');
    this.#instance.enter(context, context.attempt, context.signal);
    return this.#instance.fn(...args) as Awaited<R> | Promise<Awaited<R>>;
  }

  override collect(answer: Awaited<R>, { place }: DistributedMapTask): void {
    this.#answers[place] = answer;
  }

  override get result(): Awaited<R>[] {
    return this.#answers;
  }
}

/** Inputs as arrays of one length: one that has no end is read as far as the arrays beside it go. */
function columnsOf(inputs: readonly Iterable<unknown>[]): readonly (readonly unknown[])[] {
  const given: unknown = inputs;
  if (!Array.isArray(given) || given.length === 0 || !given.every(isIterable)) {
    throw new DsageError('invalid-argument', 'The inputs of a DistributedMap are not a list of lists.', {
      hint: 'Pass one array for each argument: new DistributedMap(f, [xs, ys]).',
    });
  }
  const arrays = given.filter((input) => Array.isArray(input)) as readonly unknown[][];
  const length = Math.min(...arrays.map((array) => array.length));
  const columns = given.map((input) => firstOf(input, length));
  const shortest = Math.min(...columns.map((column) => column.length));
  return columns.map((column) => column.slice(0, shortest));
}

function firstOf(input: Iterable<unknown>, count: number): unknown[] {
  if (Array.isArray(input)) return input.slice(0, count);
  const items: unknown[] = [];
  if (count === 0) return items;
  for (const item of input) {
    items.push(item);
    if (items.length >= count) break;
  }
  return items;
}

/** The function with a scope that it may change: parameters are frozen. */
function thawed(shipped: ShippedFunction): ShippedFunction {
  return decodeValue(encodeValue(shipped)) as ShippedFunction;
}
