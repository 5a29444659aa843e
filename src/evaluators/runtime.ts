import type { RuntimeName } from '../code/bundle/names.js';
import { RUNTIME_KEY } from '../code/bundle/names.js';
import { DistributedJob, NOT_YET } from '../jobs/distributed-job.js';
import { DistributedMap } from '../jobs/distributed-map.js';
import { DistributedFactor } from '../jobs/factor/distributed-factor.js';
import { moduleFunction } from '../jobs/module-function.js';
import { DsageError, KilledError, TaskFailedError, TimeoutError } from '../model/errors.js';
import { fraction, Fraction } from '../wire/fraction.js';

/** What `import … from 'dsage'` gives in a bundle. A new name goes to src/code/bundle/names.ts too. */
const RUNTIME = {
  DistributedFactor,
  DistributedJob,
  DistributedMap,
  DsageError,
  Fraction,
  KilledError,
  NOT_YET,
  TaskFailedError,
  TimeoutError,
  fraction,
  moduleFunction,
} satisfies Record<RuntimeName, unknown>;

/** Makes the runtime known to bundles. Idempotent. */
export function offerRuntime(): void {
  Object.defineProperty(globalThis, Symbol.for(RUNTIME_KEY), {
    value: { take },
    configurable: true,
    writable: true,
  });
}

function take(name: string): unknown {
  return name in RUNTIME ? RUNTIME[name as RuntimeName] : standIn(name);
}

/** Stands for an export of dsage's that only makes sense where jobs are submitted: using it throws. */
function standIn(name: string): unknown {
  const refuse = (): never => refuseUseOf(name);
  // A function of this form is one that `new` and `extends` ask something of.
  return new Proxy(function () {}, {
    apply: refuse,
    construct: refuse,
    get: (_, property) => refuseUseOf(property === 'prototype' ? name : `${name}.${String(property)}`),
    set: refuse,
    has: refuse,
  });
}

function refuseUseOf(name: string): never {
  throw new DsageError(
    'failed-precondition',
    `${name} of 'dsage' was used on a worker, where this module is loaded to run tasks: it is for the program that submits them.`,
    {
      hint:
        'Put the job class into a file of its own, or the start-up code behind ' +
        'if (import.meta.url === pathToFileURL(process.argv[1]).href).',
    },
  );
}
