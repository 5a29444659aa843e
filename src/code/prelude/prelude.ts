import { createRequire, isBuiltin } from 'node:module';

import { DsageError } from '../../model/errors.js';
import { fraction } from '../../wire/fraction.js';
import { factor } from './factor.js';
import { gcd, isPrime, nextPrime } from './numbers.js';

const requireHere = createRequire(import.meta.url);

/** Only Node's own modules: what a worker's machine has installed beside them is no part of a job. */
function requireBuiltin(name: string): unknown {
  if (isBuiltin(name)) return requireHere(name);
  throw new DsageError('not-found', `require('${name}') finds only Node's own modules on a worker.`, {
    hint: 'Put what else the task needs into a job class in a module of its own.',
  });
}

/** esbuild and tsx put calls of it into functions; it keeps their names, which nobody needs here. */
function keepName(fn: unknown): unknown {
  return fn;
}

/** What every task finds in scope, beside `signal`, `attempt` and `context`. */
export const PRELUDE: Readonly<Record<string, unknown>> = {
  fraction,
  gcd,
  isPrime,
  nextPrime,
  factor,
  require: requireBuiltin,
  __name: keepName,
};
