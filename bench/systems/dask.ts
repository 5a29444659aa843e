import { join } from 'node:path';

import { root } from '../support/paths.js';
import { Program } from '../support/program.js';
import { pythonWith } from '../support/python.js';
import { startPeer } from './peer.js';
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

function start(saturation: string | undefined): Promise<RunningSystem> {
  return startPeer(async ({ directory, keep }) => {
    const program = keep(
      new Program({
        name: 'dask',
        command: pythonWith('distributed') ?? 'python3',
        args: [join(root, 'bench', 'programs', 'dask-cluster.py')],
        // Workers keep what they spill in the working directory.
        cwd: directory,
        env: saturation === undefined ? {} : { DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION: saturation },
      }),
    );
    await program.line('ready');
    return program;
  });
}
