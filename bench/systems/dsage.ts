import { Cluster } from './cluster.js';
import type { RunningSystem, System } from './system.js';

/** Ours: durable, encrypted, tasks in child processes, two workers with a slot each. */
export const dsageSystem: System = {
  name: 'dsage',
  missing: () => undefined,
  async start(): Promise<RunningSystem> {
    const cluster = await Cluster.start();
    const client = await cluster.startClient('client');
    return {
      throughput: async (tasks) => Number((await client.ask({ do: 'map', tasks }))['perSecond']),
      latency: async (samples) => (await client.ask({ do: 'latency', samples }))['ms'] as number[],
      stop: () => cluster.stop(),
    };
  },
};
