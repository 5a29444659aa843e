import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';

import { freePort, waitUntil } from '../support/net.js';
import { Program } from '../support/program.js';

export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).error === undefined;
}

/** A Redis that appends to a file in `directory` and syncs it once a second. */
export class Redis {
  readonly port: number;
  readonly #program: Program;

  private constructor(directory: string, port: number) {
    const durability = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
    const listening = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory];
    this.port = port;
    this.#program = new Program({
      name: 'redis',
      command: 'redis-server',
      args: [...listening, ...durability],
    });
  }

  static async start(directory: string): Promise<Redis> {
    const redis = new Redis(directory, await freePort());
    try {
      await waitUntil('redis listens', () => answers(redis.port));
      return redis;
    } catch (error) {
      await redis.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
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
