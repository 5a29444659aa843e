import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { programPath } from '../support/paths.js';
import { Program } from '../support/program.js';
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

async function start(options: object): Promise<RunningSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  const programs: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const program of programs.reverse()) await program.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const postgres = await Postgres.start(directory);
    programs.push(postgres);
    const { connectionString } = postgres;
    const client = node('graphile-client', { connectionString });
    programs.push(client);
    // It has made the tables then.
    await client.line('ready');
    const workers = Array.from({ length: WORKERS }, () =>
      node('graphile-worker', { connectionString, options }),
    );
    programs.push(...workers);
    await Promise.all(workers.map((worker) => worker.line('ready')));
    return {
      throughput: async (tasks) => Number((await client.ask({ do: 'throughput', tasks }))['perSecond']),
      latency: async (samples) => (await client.ask({ do: 'latency', samples }))['ms'] as number[],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function node(name: string, configuration: Readonly<Record<string, unknown>>): Program {
  const args = [programPath(name), JSON.stringify(configuration)];
  return new Program({ name, command: process.execPath, args });
}
