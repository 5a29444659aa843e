import type { ServerDetail } from '../../model/monitor.js';
import type { Identity } from '../../model/user.js';
import { packageVersion } from '../../wire/hello.js';
import { serverActions } from '../services/server-actions.js';
import type { MonitorServices } from './monitor-services.js';

/** The topic `server` too; clients are those that the caller may see. */
export function serverDetail(services: MonitorServices, caller: Identity): ServerDetail {
  const { engine, vitals } = services;
  return {
    version: packageVersion(),
    node: process.version,
    cluster: services.cluster,
    startedAtMs: services.startedAtMs,
    storeBytes: services.storeBytes(),
    memoryMb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    eventLoopDelayMs: vitals.eventLoopDelayMs,
    commits: engine.figures.commits,
    commitMs: vitals.commitMs,
    address: services.address(),
    webUrl: services.webUrl(),
    config: services.config,
    clients: serverActions(services)
      .clients(caller)
      .map(({ identity, host, pid, connectedAtMs, packageVersion: version }) => ({
        ...{ user: identity.name, host, pid, connectedAtMs, version },
      })),
  };
}
