import { DsageError } from '../model/errors.js';
import { clusterDirectory } from '../security/directory.js';
import { processEnds, type StopOptions } from './program.js';
import { runningServer } from './run-file.js';
import { findServer } from './start-all.js';
import { startedHere } from './started.js';

export interface StopAllOptions extends StopOptions {
  /** Also stops what other processes started on this directory. Without it: all that this process started. */
  readonly directory?: string;
}

export interface StopReport {
  readonly servers: number;
  readonly workers: number;
}

/**
 * Stops workers, then servers: with a `directory` whatever runs on it, else all that this process started.
 * Nothing is lost: what is waiting or was stopped runs when a server and workers are there again. Stopping what
 * does not run does nothing.
 */
export async function stopAll(options: StopAllOptions = {}): Promise<StopReport> {
  const directory = options.directory === undefined ? undefined : clusterDirectory(options.directory);
  const entries = startedHere(directory);
  const stop = async (kind: 'server' | 'worker'): Promise<number> => {
    const ours = entries.filter((entry) => entry.kind === kind);
    await Promise.all(ours.map(({ handle }) => handle.stop(options)));
    return ours.length;
  };
  const workers = await stop('worker');
  const servers = await stop('server');
  const others = directory === undefined ? undefined : await stopOthers(directory, options);
  return { servers: servers + (others?.servers ?? 0), workers: workers + (others?.workers ?? 0) };
}

/** How long a server may take to commit, tell its clients and end. */
const STOP_TIMEOUT_MS = 45_000;

/** What other processes started: the server ends them in order when an admin asks it to. */
async function stopOthers(
  directory: string,
  { graceMs = STOP_TIMEOUT_MS }: StopOptions,
): Promise<StopReport> {
  const running = runningServer(directory);
  const found = running === undefined ? undefined : await findServer(directory);
  if (running === undefined || found === undefined) return { servers: 0, workers: 0 };
  const { d } = found;
  try {
    const workers = (await d.workers()).filter(({ connected }) => connected).length;
    await d.stopServer({ workersToo: true });
    if (!(await processEnds(running.pid, graceMs))) {
      throw new DsageError(
        'timeout',
        `The server (process ${String(running.pid)}) has not ended after ${String(graceMs / 1000)} s.`,
        {
          hint: `Look at ${directory}/server.log, or end it with: kill ${String(running.pid)}`,
        },
      );
    }
    return { servers: 1, workers };
  } finally {
    await d.close();
  }
}
