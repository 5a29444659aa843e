import { DsageError } from '../../../model/errors.js';
import type { Identity } from '../../../model/user.js';
import type { MonitorServices } from '../monitor-services.js';
import { serverDetail } from '../server-detail.js';
import { jobDetail } from '../view/job-detail.js';
import { overviewOf } from '../view/overview.js';
import { requireLogin } from '../caller.js';
import { viewerOf } from '../view/viewer.js';
import { allWorkers, requireWorker, shownWorker } from '../view/workers.js';
import type { Topic } from './feed.js';

const SECOND = 2;
const HALF_SECOND = 1;

/** What can be watched, and by which name those of the same rights share it. Throws where the caller may not. */
export function topicOf(
  services: MonitorServices,
  name: string,
  caller: Identity | undefined,
): { readonly key: string; readonly topic: Topic } {
  const viewer = viewerOf(caller);
  const { live, engine, views } = services;
  const key = `${name} ${viewer.key}`;
  if (name === 'overview') return { key, topic: every(SECOND, () => overviewOf(services, viewer)) };
  const identity = requireLogin(caller);
  const [kind, number, ...more] = name.split(':');
  const id = Number(number);
  if (more.length > 0 || (number !== undefined && !Number.isSafeInteger(id))) throw unknown(name);
  switch (name.includes(':') ? `${String(kind)}:` : name) {
    case 'jobs':
      return { key, topic: every(SECOND, () => ({ version: live.version(viewer.owner) })) };
    case 'job:':
      return {
        key,
        topic: every(HALF_SECOND, () => jobDetail(services, views.requireJob(id, identity))),
      };
    case 'workers':
      return {
        key: name,
        topic: every(SECOND, () => allWorkers(services)),
      };
    case 'worker:':
      return {
        key: name,
        topic: every(HALF_SECOND, () => shownWorker(services, requireWorker(engine.state, id))),
      };
    case 'server':
      return { key, topic: every(SECOND, () => serverDetail(services, identity)) };
    default:
      throw unknown(name);
  }
}

function every(everyTicks: number, read: () => object): Topic {
  return { everyTicks, read };
}

function unknown(name: string): DsageError {
  return new DsageError('invalid-argument', `There is no topic "${name}".`, {
    hint: 'Topics are overview, jobs, job:<id>, workers, worker:<n> and server.',
  });
}
