import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { programPath } from '../support/paths.js';
import { Program } from '../support/program.js';
import type { RunningSystem } from './system.js';

/** What the programs of a peer are started with. */
export interface PeerParts {
  /** A fresh one, removed when the peer stops. */
  readonly directory: string;
  /** Has a program end with the peer, before those that were kept before it. */
  readonly keep: <P extends { stop(): Promise<void> }>(program: P) => P;
}

/**
 * Starts a peer of dsage. What was kept is ended when it stops, and when it does not come up.
 *
 * @param build starts the programs and returns, once all are ready, the one that takes `throughput` and `latency`
 */
export async function startPeer(build: (parts: PeerParts) => Promise<Program>): Promise<RunningSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  const programs: { stop(): Promise<void> }[] = [];
  const keep: PeerParts['keep'] = (program) => {
    programs.push(program);
    return program;
  };
  const stop = async (): Promise<void> => {
    for (const program of programs.toReversed()) await program.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const client = await build({ directory, keep });
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

/** One of the programs in bench/programs, in a process of its own. */
export function nodeProgram(name: string, configuration: Readonly<Record<string, unknown>>): Program {
  const args = [programPath(name), JSON.stringify(configuration)];
  return new Program({ name, command: process.execPath, args });
}
