import { DsageError } from '../model/errors.js';
import { clusterDirectory } from '../security/directory.js';
import { Program, type StopOptions } from './program.js';
import { noteStarted } from './started.js';

export interface WorkerOptions {
  /** `host:port`; `127.0.0.1:8081` unless given. */
  readonly server?: string;
  /** Where its key and certificate are; `$DSAGE_DIR` unless given, else `~/.sage/dsage`. */
  readonly directory?: string;
  /** How many tasks it runs at once; as many as there are processors unless given. */
  readonly slots?: number;
  /** How many coordinators of detached jobs it runs beside its slots, 0 to 64; 8 unless given. */
  readonly coordinators?: number;
  /** What jobs may ask for by `labels`. */
  readonly labels?: readonly string[];
  /** What tasks may take a share of, such as `{ gpu: 1 }`. */
  readonly resources?: Readonly<Record<string, number>>;
  /** Shown in tables; the host's name and a number unless given. */
  readonly name?: string;
  /** The priority of what it runs, as for nice(1): 0 to 19. */
  readonly nice?: number;
  /** Memory that one task may use, MiB. */
  readonly memoryPerSlotMb?: number;
  /** Whether the worker goes on when this process ends; it ends too unless this is set. */
  readonly keep?: boolean;
}

/** A worker that runs in a process of its own. */
export interface WorkerHandle {
  readonly pid: number;
  readonly directory: string;
  /** The server's number for it. */
  readonly worker: number;
  /** Lets what runs end, then ends the worker; what takes too long is stopped and runs again elsewhere. Idempotent. */
  stop(options?: StopOptions): Promise<void>;
}

/** Starts a worker and resolves once the server knows it. Throws `setup` when it does not start, or finds no server. */
export async function worker(options: WorkerOptions = {}): Promise<WorkerHandle> {
  const directory = clusterDirectory(options.directory);
  const program = await Program.start({
    program: 'dsage-worker',
    args: ['--directory', directory, ...workerArgs(options)],
    readyEvent: 'registered',
    keep: options.keep ?? false,
  });
  const handle: WorkerHandle = {
    pid: program.pid,
    directory,
    worker: program.ready.worker ?? 0,
    stop: (stopOptions) => program.stop(stopOptions),
  };
  noteStarted({ kind: 'worker', directory, handle, program });
  return handle;
}

function workerArgs(options: WorkerOptions): string[] {
  const { labels = [], resources = {} } = options;
  const pairs = Object.entries(resources).map(([name, amount]) => `${name}=${String(amount)}`);
  const flags: [string, string | undefined][] = [
    ['--server', options.server],
    ['--slots', options.slots === undefined ? undefined : String(checkSlots(options.slots))],
    ['--coordinators', options.coordinators === undefined ? undefined : String(options.coordinators)],
    ['--labels', labels.length === 0 ? undefined : labels.join(',')],
    ['--resources', pairs.length === 0 ? undefined : pairs.join(',')],
    ['--name', options.name],
    ['--nice', options.nice === undefined ? undefined : String(options.nice)],
    [
      '--memory-per-slot',
      options.memoryPerSlotMb === undefined ? undefined : String(options.memoryPerSlotMb),
    ],
  ];
  return flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
}

/** How many tasks a worker runs at once. Throws `invalid-argument`. */
export function checkSlots(slots: number): number {
  if (Number.isInteger(slots) && slots >= 1 && slots <= 4096) return slots;
  throw new DsageError('invalid-argument', `slots is ${String(slots)}.`, {
    hint: 'It must be a whole number from 1 to 4096.',
  });
}
