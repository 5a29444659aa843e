import { inspect } from 'node:util';

import { detachMethod } from '../code/methods.js';
import { DsageError, KilledError, TaskFailedError } from '../model/errors.js';
import { isManyInputs } from './input-window.js';
import type { ManyInputs } from './input-window.js';

/** Any function; `any`, so that the parameters of a function without types are taken for what they are used as. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyFunction = (...args: any[]) => unknown;

/**
 * What becomes of an input whose call fails. `'throw'`: the loop throws its TaskFailedError, and the other inputs
 * are stopped. `'yield'`: the error comes in place of the output, and the loop goes on.
 */
export type OnError = 'throw' | 'yield';

export interface OnErrorOption<E extends OnError = OnError> {
  /** What becomes of an input whose call fails; `'throw'` unless given. */
  readonly onError?: E;
}

/** One input of a function: the list of its arguments, or its only argument, unless that is itself an array. */
export type InputOf<A extends readonly unknown[]> =
  Readonly<A> | ([A[0]] extends A ? Exclude<A[0], readonly unknown[]> : never);

/**
 * Calls a function on many inputs, and gives `[input, output]` as they finish: `d.parallelIter` is one. It throws at
 * once for what cannot be sent, and begins when somebody begins to iterate.
 */
export type ParallelIter<Options extends object = object> = <I, R>(
  fn: (...args: never[]) => R,
  inputs: ManyInputs<I>,
  options?: Options,
) => AsyncIterable<[input: I, output: Awaited<R>]>;

/** What `parallel(…)(f)` gives. */
export interface ParallelFunction<F extends AnyFunction, Failed = never> {
  /**
   * Called with one iterable (an array, a generator, an asynchronous one): calls the function on each of its inputs,
   * in parallel, and gives `[input, output]` in the order in which they finish.
   */
  <I extends InputOf<Parameters<F>>>(
    inputs: ManyInputs<I>,
  ): AsyncIterable<[input: I, output: Awaited<ReturnType<F>> | Failed]>;
  /** Called with anything else: the function itself, here and now. */
  (...args: Parameters<F>): ReturnType<F>;
}

/** Makes functions parallel: as a wrapper, or as the decorator of a method that needs no `this`. */
export interface Parallel<Failed = never> {
  <F extends AnyFunction>(fn: F, context?: ClassMethodDecoratorContext): ParallelFunction<F, Failed>;
}

/** What stands behind functions that were made parallel. */
const originals = new WeakMap<object, AnyFunction>();

/** Makes functions parallel with some `pIter`, which gets `options` with every call. */
export function parallelWith<Options extends object>(
  pIter: ParallelIter<Options>,
  options: Options,
): Parallel<DsageError> {
  if (typeof pIter !== 'function') {
    throw new DsageError('invalid-argument', 'pIter is not a function.', {
      hint: "Pass parallel({ pIter: d.parallelIter }), or parallel('local') for the threads of this machine.",
    });
  }
  const wrap = (fn: AnyFunction, ...more: readonly unknown[]): unknown => {
    if (more.length > 0) checkMethod(fn, more);
    // What was made parallel already is made parallel anew, this time in this way.
    return parallelFunction(originals.get(fn) ?? checkFunction(fn), (original, inputs) =>
      pIter(original, inputs, options),
    );
  };
  return wrap as Parallel<DsageError>;
}

/** The error of one input, which says which one it was. */
export function inputError(input: unknown, error: DsageError): DsageError {
  const text = `Input ${inspect(input, { depth: 2, breakLength: Infinity, maxStringLength: 200 })}: ${error.message}`;
  const cause = error.cause ?? error;
  return error instanceof KilledError
    ? new KilledError(text, { cause })
    : new TaskFailedError(text, { cause });
}

/** Throws `invalid-argument` for what `onError` cannot be. */
export function checkOnError(onError: unknown = 'throw'): OnError {
  if (onError === 'throw' || onError === 'yield') return onError;
  throw new DsageError('invalid-argument', `onError is ${inspect(onError, { depth: 0 })}.`, {
    hint: "It must be 'throw' or 'yield'.",
  });
}

function parallelFunction(
  fn: AnyFunction,
  iterate: (fn: AnyFunction, inputs: ManyInputs<unknown>) => AsyncIterable<unknown>,
): unknown {
  const made = function (this: unknown, ...args: unknown[]): unknown {
    const [inputs] = args;
    return args.length === 1 && isManyInputs(inputs) ? iterate(fn, inputs) : fn.apply(this, args);
  };
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(made, key, { value: fn[key], configurable: true });
  }
  originals.set(made, fn);
  return made;
}

function checkFunction(fn: unknown): AnyFunction {
  if (typeof fn === 'function') return fn as AnyFunction;
  throw new DsageError(
    'invalid-argument',
    `A function is asked for, and ${inspect(fn, { depth: 0 })} was given.`,
    {
      hint: 'Write P(f), or @P in front of a method.',
    },
  );
}

/** Takes a method for one that belongs to no object. Throws `invalid-argument` for what else can be decorated. */
function checkMethod(method: unknown, [context, ...others]: readonly unknown[]): void {
  const kind: unknown = (context as { readonly kind?: unknown } | null | undefined)?.kind;
  if (others.length > 0 || typeof kind !== 'string') {
    throw new DsageError('invalid-argument', 'parallel got something else than a function or a method.', {
      hint: 'Wrap one function, P(f), or decorate a method with a standard decorator: without experimentalDecorators.',
    });
  }
  if (kind !== 'method' || typeof method !== 'function') {
    throw new DsageError(
      'invalid-argument',
      `parallel cannot decorate a ${kind}: only methods can be called.`,
      {
        hint: 'For a function in a field, write name = P((n) => …).',
      },
    );
  }
  detachMethod(originals.get(method) ?? method);
}
