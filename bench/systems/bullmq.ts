import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { programPath } from '../support/paths.js';
import { Program } from '../support/program.js';
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

async function start(concurrency: number): Promise<RunningSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  const programs: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const program of programs.reverse()) await program.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const redis = await Redis.start(directory);
    programs.push(redis);
    const { port } = redis;
    const workers = Array.from({ length: WORKERS }, () => node('bullmq-worker', { port, concurrency }));
    programs.push(...workers);
    const client = node('bullmq-client', { port });
    programs.push(client);
    await Promise.all([...workers, client].map((program) => program.line('ready')));
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
