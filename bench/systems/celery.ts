import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root } from '../support/paths.js';
import { Program } from '../support/program.js';
import { pythonWith } from '../support/python.js';
import { hasRedis, Redis } from './redis.js';
import type { RunningSystem, System } from './system.js';

/** Tasks that a process is given ahead. Celery's guide advises a large number for many short tasks. */
const PREFETCH = 128;

/**
 * Celery: a worker with two processes (its prefork pool), and a Redis without TLS that carries both tasks and
 * results, appends to a file and syncs it once a second.
 */
export const celerySystem: System = {
  name: `Celery, prefetch ${PREFETCH}, Redis with AOF everysec`,
  missing: () =>
    hasRedis() && python() !== undefined
      ? undefined
      : 'not installed: apt install python3-celery python3-redis redis-server',
  start,
};

function python(): string | undefined {
  return pythonWith('celery', 'redis');
}

async function start(): Promise<RunningSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  const programs: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const program of programs.reverse()) await program.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const redis = await Redis.start(directory);
    programs.push(redis);
    const worker = celery('worker', redis.port, directory);
    programs.push(worker);
    const client = celery('client', redis.port, directory);
    programs.push(client);
    await Promise.all([worker.line('ready'), client.line('ready')]);
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

function celery(role: 'worker' | 'client', port: number, cwd: string): Program {
  const configuration = JSON.stringify({ port, prefetch: PREFETCH });
  return new Program({
    name: `celery ${role}`,
    command: python() ?? 'python3',
    args: [join(root, 'bench', 'programs', 'celery-peer.py'), role, configuration],
    cwd,
  });
}
