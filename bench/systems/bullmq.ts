import { createRequire } from 'node:module';

import { nodeProgram, startPeer } from './peer.js';
import { hasRedis, Redis } from './redis.js';
import type { RunningSystem, System } from './system.js';

const WORKERS = 2;

/**
 * BullMQ on a Redis that appends to a file and syncs it once a second, without TLS. Its results are collected
 * from its event stream.
 *
 * @param concurrency how many jobs each of the two worker processes has at once; all in its own event loop
 */
export function bullmqSystem(concurrency: number): System {
  return {
    name: `BullMQ, concurrency ${concurrency}, AOF everysec`,
    missing,
    start: () => start(concurrency),
  };
}

function missing(): string | undefined {
  if (!hasRedis()) return 'not installed: apt install redis-server';
  try {
    // BullMQ loads its Redis driver in the same way.
    createRequire(createRequire(import.meta.url).resolve('bullmq')).resolve('ioredis');
    return undefined;
  } catch {
    return 'not installed: npm install --no-save ioredis';
  }
}

function start(concurrency: number): Promise<RunningSystem> {
  return startPeer(async ({ directory, keep }) => {
    const { port } = keep(await Redis.start(directory));
    const workers = Array.from({ length: WORKERS }, () =>
      keep(nodeProgram('bullmq-worker', { port, concurrency })),
    );
    const client = keep(nodeProgram('bullmq-client', { port }));
    await Promise.all([...workers, client].map((program) => program.line('ready')));
    return client;
  });
}
