import { join } from 'node:path';

import { root } from '../support/paths.js';
import { Program } from '../support/program.js';
import { pythonWith } from '../support/python.js';
import { startPeer } from './peer.js';
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

function start(): Promise<RunningSystem> {
  return startPeer(async ({ directory, keep }) => {
    const { port } = keep(await Redis.start(directory));
    const worker = keep(celery('worker', port, directory));
    const client = keep(celery('client', port, directory));
    await Promise.all([worker.line('ready'), client.line('ready')]);
    return client;
  });
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
