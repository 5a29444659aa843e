import { nodeProgram, startPeer } from './peer.js';
import { hasPostgres, Postgres } from './postgres.js';
import type { RunningSystem, System } from './system.js';

const WORKERS = 2;

/** What its page on performance was measured with. */
const BATCHED = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

/**
 * graphile-worker on a PostgreSQL that syncs each commit, without TLS. It keeps no results: throughput goes until
 * no job is left, and latency until the task's own notification has come.
 *
 * @param settings its defaults, or those that its documentation advises for throughput
 */
export function graphileSystem(settings: 'default' | 'batched'): System {
  return {
    name: `graphile-worker, ${settings} settings`,
    missing: () => (hasPostgres() ? undefined : 'not installed: apt install postgresql'),
    start: () => start(settings === 'batched' ? BATCHED : {}),
  };
}

function start(options: object): Promise<RunningSystem> {
  return startPeer(async ({ directory, keep }) => {
    const { connectionString } = keep(await Postgres.start(directory));
    const client = keep(nodeProgram('graphile-client', { connectionString }));
    // It has made the tables then.
    await client.line('ready');
    const workers = Array.from({ length: WORKERS }, () =>
      keep(nodeProgram('graphile-worker', { connectionString, options })),
    );
    await Promise.all(workers.map((worker) => worker.line('ready')));
    return client;
  });
}
