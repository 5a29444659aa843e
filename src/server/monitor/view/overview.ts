import type { Overview } from '../../../model/monitor.js';
import { packageVersion } from '../../../wire/hello.js';
import { figuresOf } from '../../figures.js';
import type { MonitorServices } from '../monitor-services.js';
import type { Viewer } from './viewer.js';
import { shownWorker } from './workers.js';

const MOST_WORKERS = 50;

/** Numbers of everybody's; of jobs what the viewer may see. Costs the same however many jobs there are. */
export function overviewOf(services: MonitorServices, { owner, isPublic }: Viewer): Overview {
  const { live } = services;
  const { slots, busySlots, workers, clients, tasks, tasksPerSecond } = figuresOf(services);
  const active = isPublic ? [] : live.active(owner);
  const { waiting = 0, processing = 0, completed = 0, failed = 0, killed = 0 } = tasks ?? {};
  return {
    atMs: services.now(),
    version: packageVersion(),
    cluster: services.cluster,
    startedAtMs: services.startedAtMs,
    jobs: { ...live.table.counts },
    tasks: { waiting, processing, completed, failed, killed },
    ...{ tasksPerSecond, slots, busySlots, connectedWorkers: workers, clients },
    active,
    moreActive: isPublic ? 0 : Math.max(0, live.table.unfinished(owner) - active.length),
    workers: firstWorkers(services).map((worker) => shownWorker(services, worker)),
    failures: isPublic ? [] : live.failures(owner),
  };
}

/** Connected ones before those that are gone. */
function firstWorkers({ engine }: MonitorServices) {
  const all = [...engine.state.workers.values()];
  const connected = all.filter((worker) => worker.connection !== undefined);
  return [...connected, ...all.filter((worker) => worker.connection === undefined)].slice(0, MOST_WORKERS);
}
