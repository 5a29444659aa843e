import { hostname } from 'node:os';

import { DsageError } from '../model/errors.js';
import type { Logger } from '../log/log.js';
import { defaultSlots } from './info.js';
import type { WorkerNotice } from './notices.js';

/** What `new Worker(…)` takes; only the server and the directory have no default. */
export interface WorkerOptions {
  /** HOST:PORT. */
  readonly server: string;
  /** The cluster's files, `$DSAGE_DIR`: key, certificates, log, task directories. */
  readonly directory: string;
  /** How many tasks run at once; by default one for every core of this machine. */
  readonly slots?: number;
  /** What tasks may ask for by name. */
  readonly labels?: readonly string[];
  /** What tasks may ask for by amount, such as { gpu: 1 }. */
  readonly resources?: Readonly<Record<string, number>>;
  /** Unix niceness of the tasks, 0 to 19. By default 0. */
  readonly niceness?: number;
  /** Resident memory that one task may use, MiB. By default unlimited. */
  readonly memoryMb?: number;
  /** Shown in tables; by default the host's name and this process's number. */
  readonly name?: string;
  /** What tasks find in their environment. By default only PATH and the like that Node needs. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
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
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  readonly niceness: number;
  readonly memoryMb: number | undefined;
  readonly name: string;
}

const MAX_SLOTS = 4096;
const MAX_NICENESS = 19;
const MIN_MEMORY_MB = 64;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** Fills in the defaults. Throws `invalid-argument` for what makes no sense, naming the option. */
export function compileOptions(options: WorkerOptions): CompiledOptions {
  const { server, directory, labels = [], resources = {}, niceness = 0, memoryMb, name } = options;
  const slots = options.slots ?? defaultSlots({});
  demandAddress(server);
  demand(
    Number.isInteger(slots) && slots >= 1 && slots <= MAX_SLOTS,
    `slots must be 1 to ${String(MAX_SLOTS)}, not ${String(slots)}.`,
  );
  demand(
    Number.isInteger(niceness) && niceness >= 0 && niceness <= MAX_NICENESS,
    `nice must be 0 to 19, not ${String(niceness)}.`,
  );
  demand(
    memoryMb === undefined || (Number.isInteger(memoryMb) && memoryMb >= MIN_MEMORY_MB),
    `memory-per-slot must be a whole number of MiB, ${String(MIN_MEMORY_MB)} or more, not ${String(memoryMb)}.`,
  );
  for (const label of labels)
    demand(LABEL.test(label), `'${label}' is no label: letters, digits and . _ : - only.`);
  for (const [resource, amount] of Object.entries(resources)) {
    demand(LABEL.test(resource), `'${resource}' is no name of a resource: letters, digits and . _ : - only.`);
    demand(
      Number.isFinite(amount) && amount > 0,
      `the resource ${resource} must be more than 0, not ${String(amount)}.`,
    );
  }
  demand(
    name === undefined || (name.trim() !== '' && name.length <= 100),
    'name must have 1 to 100 characters.',
  );
  const ownName = name ?? `${hostname()}-${String(process.pid)}`;
  return { server, directory, slots, labels, resources, niceness, memoryMb, name: ownName };
}

/** Throws `invalid-argument` unless it is HOST:PORT; IPv6 addresses are written [::1]:8081. */
function demandAddress(server: string): void {
  const port = Number(/^(?:[^\s:/[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(server)?.[1] ?? Number.NaN);
  demand(
    port >= 1 && port <= 65535,
    `'${server}' is no address of a server: it must be HOST:PORT, with a port from 1 to 65535.`,
  );
}

function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new DsageError('invalid-argument', message);
}
