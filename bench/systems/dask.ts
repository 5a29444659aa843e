import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root } from '../support/paths.js';
import { Program } from '../support/program.js';
import { pythonWith } from '../support/python.js';
import type { RunningSystem, System } from './system.js';

/**
 * Dask: a scheduler and two worker processes with one thread each, over TCP without TLS, all in memory.
 *
 * @param saturation how many tasks beside its threads a worker is given; undefined leaves Dask's default
 */
export function daskSystem(saturation?: 'inf'): System {
  return {
    name: saturation === undefined ? 'Dask, default settings' : `Dask, worker-saturation ${saturation}`,
    missing: () =>
      pythonWith('distributed') === undefined ? 'not installed: apt install python3-distributed' : undefined,
    start: () => start(saturation),
  };
}

async function start(saturation: string | undefined): Promise<RunningSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  const program = new Program({
    name: 'dask',
    command: pythonWith('distributed') ?? 'python3',
    args: [join(root, 'bench', 'programs', 'dask-cluster.py')],
    // Workers keep what they spill in the working directory.
    cwd: directory,
    env: saturation === undefined ? {} : { DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION: saturation },
  });
  const stop = async (): Promise<void> => {
    await program.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await program.line('ready');
    return {
      throughput: async (tasks) => Number((await program.ask({ do: 'throughput', tasks }))['perSecond']),
      latency: async (samples) => (await program.ask({ do: 'latency', samples }))['ms'] as number[],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
