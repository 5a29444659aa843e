import type { RuntimeName } from '../code/bundle/names.js';
import { RUNTIME_KEY } from '../code/bundle/names.js';
import { DistributedJob } from '../jobs/distributed-job.js';
import { moduleFunction } from '../jobs/module-function.js';
import { DsageError, KilledError, TaskFailedError, TimeoutError } from '../model/errors.js';
import { fraction, Fraction } from '../wire/fraction.js';

/** What `import … from 'dsage'` gives in a bundle. A new name goes to src/code/bundle/names.ts too. */
const RUNTIME = {
  DistributedJob,
  DsageError,
  Fraction,
  KilledError,
  TaskFailedError,
  TimeoutError,
  fraction,
  moduleFunction,
} satisfies Record<RuntimeName, unknown>;

/** Makes the runtime known to bundles. Idempotent. */
export function offerRuntime(): void {
  Object.defineProperty(globalThis, Symbol.for(RUNTIME_KEY), {
    value: { ...RUNTIME, standIn },
    configurable: true,
    writable: true,
  });
}

/** Stands for an export of dsage's that only makes sense where jobs are submitted: using it throws. */
function standIn(name: string): unknown {
  const refuse = (): never => {
    throw new DsageError(
      'failed-precondition',
      `${name} of dsage was used while a module was being loaded, or a task was running, on a worker: it is for the program that submits jobs.`,
      {
        hint:
          'Put the job class into a file of its own, or the start-up code behind ' +
          'if (import.meta.url === pathToFileURL(process.argv[1]).href).',
      },
    );
  };
  return new Proxy(refuse, { apply: refuse, construct: refuse, get: refuse, set: refuse, has: refuse });
}
