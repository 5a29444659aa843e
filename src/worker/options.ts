import { hostname } from 'node:os';

import { serverAddress } from '../model/address.js';
import { DsageError } from '../model/errors.js';
import type { Logger } from '../log/log.js';
import { defaultSlots } from './info.js';
import type { WorkerNotice } from './notices.js';

/** What `new Worker(…)` takes; only the server and the directory have no default. */
export interface WorkerOptions {
  /** `host` or `host:port`. */
  readonly server: string;
  /** The cluster's files, `$DSAGE_DIR`: key, certificates, log, task directories. */
  readonly directory: string;
  /** How many tasks run at once; by default one for every core of this machine. */
  readonly slots?: number;
  /** How many coordinators of detached jobs run beside the slots, 0 to 64; by default 8, since they mostly wait. */
  readonly coordinators?: number;
  /** What tasks may ask for by name. */
  readonly labels?: readonly string[];
  /** What tasks may ask for by amount, such as { gpu: 1 }. */
  readonly resources?: Readonly<Record<string, number>>;
  /** Unix niceness of the tasks, 0 to 19; 20, DSage's default, is taken as 19. By default 0. */
  readonly niceness?: number;
  /** Resident memory that one task may use, MiB. By default unlimited. */
  readonly memoryMb?: number;
  /** Shown in tables; by default the host's name and this process's number. */
  readonly name?: string;
  /** What tasks find in their environment. By default only PATH and the like that Node needs. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * The URL of the module that runs coordinators of detached jobs (src/client/coordinate.ts); none are run unless
   * given, since they are clients of the server, which a worker knows nothing of.
   */
  readonly coordinatorModule?: string;
  /** By default `worker.log` in the directory. */
  readonly log?: Logger;
  /** Also show the default log on stderr, in detail. */
  readonly verbose?: boolean;
  readonly onNotice?: (notice: WorkerNotice) => void;
}

export interface CompiledOptions {
  readonly server: string;
  readonly directory: string;
  readonly slots: number;
  readonly coordinators: number;
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  readonly niceness: number;
  readonly memoryMb: number | undefined;
  readonly name: string;
}

export const DEFAULT_COORDINATORS = 8;
const MAX_SLOTS = 4096;
const MAX_COORDINATORS = 64;
/** DSage started its workers with `nice 20`, which the system takes as its lowest priority, 19. */
const MAX_NICENESS = 20;
const LOWEST_PRIORITY = 19;
const MIN_MEMORY_MB = 64;
const ALPHABET = 'Use letters, digits and . _ : - only, at most 64.';
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** Fills in the defaults. Throws `invalid-argument` for what makes no sense, naming the option. */
export function compileOptions(options: WorkerOptions): CompiledOptions {
  const { directory, labels = [], resources = {}, niceness = 0, memoryMb, name } = options;
  const server = serverAddress(options.server);
  const { slots = defaultSlots({}), coordinators = DEFAULT_COORDINATORS } = options;
  demand(
    Number.isInteger(slots) && slots >= 1 && slots <= MAX_SLOTS,
    `slots is ${String(slots)}.`,
    `It must be a whole number from 1 to ${String(MAX_SLOTS)}.`,
  );
  demand(
    Number.isInteger(coordinators) && coordinators >= 0 && coordinators <= MAX_COORDINATORS,
    `coordinators is ${String(coordinators)}.`,
    `It must be a whole number from 0 to ${String(MAX_COORDINATORS)}.`,
  );
  demand(
    Number.isInteger(niceness) && niceness >= 0 && niceness <= MAX_NICENESS,
    `nice is ${String(niceness)}.`,
    'It must be a whole number from 0 to 20.',
  );
  demand(
    memoryMb === undefined || (Number.isInteger(memoryMb) && memoryMb >= MIN_MEMORY_MB),
    `memory-per-slot is ${String(memoryMb)}.`,
    `It must be a whole number of MiB, ${String(MIN_MEMORY_MB)} or more.`,
  );
  for (const label of labels) demand(LABEL.test(label), `'${label}' is no label.`, ALPHABET);
  for (const [resource, amount] of Object.entries(resources)) {
    demand(LABEL.test(resource), `'${resource}' is no name of a resource.`, ALPHABET);
    demand(
      Number.isFinite(amount) && amount > 0,
      `The resource ${resource} is ${String(amount)}.`,
      'It must be a number above 0, such as gpu=1.',
    );
  }
  demand(
    name === undefined || (name.trim() !== '' && name.length <= 100),
    'The name of the worker is empty or too long.',
    'It must have 1 to 100 characters.',
  );
  const ownName = name ?? `${hostname()}-${String(process.pid)}`;
  return {
    server,
    directory,
    slots,
    coordinators: options.coordinatorModule === undefined ? 0 : coordinators,
    labels,
    resources,
    niceness: Math.min(niceness, LOWEST_PRIORITY),
    memoryMb,
    name: ownName,
  };
}

function demand(holds: boolean, message: string, hint: string): asserts holds {
  if (!holds) throw new DsageError('invalid-argument', message, { hint });
}
