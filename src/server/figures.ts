import type { GetStatusResponse } from '../wire/gen/dsage/v1/server.js';
import type { Services } from './services/services.js';

/** The server in numbers, each kept as it changes: asking costs the same however many jobs there are. */
export function figuresOf(services: Services): Omit<GetStatusResponse, 'hello' | 'cluster' | 'webUrl'> {
  const { state } = services.engine;
  const workers = [...state.workers.values()].filter((worker) => worker.connection !== undefined);
  const sum = (pick: (worker: (typeof workers)[number]) => number) =>
    workers.reduce((total, worker) => total + pick(worker), 0);
  return {
    startedAtMs: services.startedAtMs,
    workers: workers.length,
    slots: sum(({ info }) => info.slots),
    busySlots: sum(({ busySlots }) => busySlots),
    clients: services.clients.size,
    unfinishedJobs: state.jobs.size,
    tasks: {
      waiting: state.waitingTasks,
      processing: sum(({ held }) => held),
      ...state.endedTasks,
    },
    tasksPerSecond: services.throughput.perSecond(services.now()),
    memoryMb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    speedMmps: sum(({ info }) => info.speedMmps * info.slots),
  };
}
