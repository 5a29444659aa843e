import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, waitUntil } from '../support/net.js';
import { programPath } from '../support/paths.js';
import { Program } from '../support/program.js';
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
  if (spawnSync('redis-server', ['--version']).error !== undefined) {
    return 'not installed: apt install redis-server';
  }
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
  const programs: Program[] = [];
  const stop = async (): Promise<void> => {
    for (const program of programs.reverse()) await program.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const port = await freePort();
    const durability = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
    const listening = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory];
    programs.push(
      new Program({ name: 'redis', command: 'redis-server', args: [...listening, ...durability] }),
    );
    await waitUntil('redis listens', () => answers(port));
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

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
