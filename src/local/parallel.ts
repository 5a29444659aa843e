import { inspect } from 'node:util';

import { DsageError } from '../model/errors.js';
import { parallelWith } from '../jobs/parallel.js';
import type { OnError, OnErrorOption, Parallel, ParallelIter } from '../jobs/parallel.js';
import { checkLocalOptions, iterateLocally } from './iterate.js';
import type { LocalOptions } from './iterate.js';

type Failed<E extends OnError> = E extends 'yield' ? DsageError : never;

const MOST_THREADS = 1024;

/**
 * Makes functions parallel, as Sage's `@parallel` does: `parallel(…)(f)`, called with many inputs, gives
 * `[input, output]` in the order in which they finish, and called with anything else calls `f`.
 *
 *     const P = parallel({ pIter: d.parallelIter });
 *     const g = P((n, m) => n.add(m));
 *     for await (const [input, output] of g([[fraction(1), fraction(2)], [fraction(5), fraction(10, 3)]])) …
 *
 * An input that is an array is the list of the arguments; anything else is the only argument. Inputs may be lazy,
 * asynchronous and endless. `input` is what was given, not a copy. Leaving the loop stops what still runs.
 *
 * Where it runs: `{ pIter, …options }` on whatever `pIter` stands for, with these options; `'local'` (or nothing) in as
 * many threads as this machine has processors; a number in that many threads. Local threads need no server, and
 * take what could travel to one.
 *
 * What comes out is also a standard decorator, `@P static add(this: void, n: number, m: number) { … }`, for methods
 * that use neither `this` nor `super`. TypeScript lets no decorator change a type: `P(Foo.add)(inputs)` has the right
 * one, since what is parallel already is just made parallel by `P`.
 *
 * Throws `invalid-argument` for other options than these.
 */
export function parallel<Options extends object, E extends OnError = 'throw'>(
  options: { readonly pIter: ParallelIter<Options> } & OnErrorOption<E> & NoInfer<Omit<Options, 'onError'>>,
): Parallel<Failed<E>>;
export function parallel<E extends OnError = 'throw'>(
  where?: 'local' | number,
  options?: Omit<LocalOptions, 'onError'> & OnErrorOption<E>,
): Parallel<Failed<E>>;
export function parallel(where: unknown = 'local', options: LocalOptions = {}): unknown {
  if (typeof where === 'object' && where !== null && 'pIter' in where) {
    const { pIter, ...rest } = where as { readonly pIter: ParallelIter };
    return parallelWith(pIter, rest);
  }
  const slots = where === 'local' ? undefined : checkThreads(where);
  checkLocalOptions(options);
  return parallelWith<LocalOptions>(
    (fn, inputs, given = {}) => iterateLocally(fn, inputs, { ...given, slots }),
    options,
  );
}

function checkThreads(where: unknown): number {
  if (typeof where === 'number' && Number.isInteger(where) && where >= 1 && where <= MOST_THREADS)
    return where;
  const found = typeof where === 'function' ? 'a function' : inspect(where, { depth: 0 });
  throw new DsageError('invalid-argument', `parallel got ${found}.`, {
    hint: `Write parallel({ pIter: d.parallelIter }), parallel('local'), or parallel(4) for 4 threads; at most ${MOST_THREADS}. What these give takes the function: parallel()(f), or @P in front of a method.`,
  });
}
