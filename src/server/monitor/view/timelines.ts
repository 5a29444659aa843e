import type { JobId } from '../../../model/job.js';
import type { Timeline, TimelineBar } from '../../../model/monitor.js';
import type { LiveGrant, LiveWorker } from '../../core/state.js';
import { readAnswerRecord } from '../../../wire/packed.js';
import type { JobView } from '../../views.js';
import type { MonitorServices } from '../monitor-services.js';
import { barOf } from './ended-tasks.js';

const MOST_BARS = 2_000;
/** Answers are read with their values: of large ones fewer. */
const MOST_BYTES = 16 * 1_048_576;
/** Workers hold more leases than they run; no more are looked at for one. */
const MOST_LEASES = 10_000;

/** A job's tasks on workers: those that run, and the newest that ended. */
export function jobTimeline(services: MonitorServices, { record }: JobView): Timeline {
  const { engine } = services;
  const bars: TimelineBar[] = [];
  for (const worker of engine.state.workers.values()) {
    if (bars.length >= MOST_BARS) break;
    bars.push(...runningOn(services, worker).filter(({ job }) => job === record.id));
  }
  let bytes = 0;
  for (let ordinal = record.state.answerCount - 1; ordinal >= 0; ordinal -= 1) {
    if (bars.length >= MOST_BARS || bytes >= MOST_BYTES) break;
    const answer = engine.store.answer(record.id, ordinal);
    if (answer === undefined) continue;
    bytes += answer.length;
    bars.push(barOf(record.id, readAnswerRecord(answer)));
  }
  return timelineOf(services, bars.slice(0, MOST_BARS));
}

/** A worker's last tasks; of jobs that the viewer may see. */
export function workerTimeline(
  services: MonitorServices,
  worker: LiveWorker,
  owner: string | undefined,
): Timeline {
  const { live } = services;
  const mayBeSeen = ({ job }: TimelineBar) => owner === undefined || live.table.owner(job) === owner;
  const bars = [...runningOn(services, worker), ...live.ended.of(worker.number)].filter(mayBeSeen);
  return timelineOf(services, bars.slice(0, MOST_BARS));
}

function timelineOf({ live, now }: MonitorServices, bars: readonly TimelineBar[]): Timeline {
  const workers: Record<number, string> = {};
  for (const { worker } of bars) workers[worker] ??= live.nameOf(worker);
  return { atMs: now(), bars, workers };
}

/**
 * What runs on a worker: of its leases those that were given first, as many as it has slots. Each began when it was
 * leased, or when the task before it on its slot ended.
 */
function runningOn({ engine, live }: MonitorServices, worker: LiveWorker): TimelineBar[] {
  const { state } = engine;
  const most = worker.info.slots + worker.coordinating;
  const bars: TimelineBar[] = [];
  for (const { job, index, attempt, grant } of leasesOf(worker)) {
    if (bars.length === most) break;
    const lease = state.jobs.get(job)?.leases.get(index);
    if (lease?.grant !== grant) continue;
    const times = { startedAtMs: live.grantedAtMs(grant), endedAtMs: 0 };
    bars.push({ job, index, attempt, worker: worker.number, ...times, status: 'processing' });
  }
  const ends = live.ended
    .of(worker.number)
    .map(({ endedAtMs }) => endedAtMs)
    .sort((a, b) => b - a);
  return bars.map((bar, place) => ({
    ...bar,
    startedAtMs: Math.max(
      bar.startedAtMs === 0 ? (state.jobs.get(bar.job)?.state.startedAtMs ?? 0) : bar.startedAtMs,
      bars.length < most ? 0 : (ends[bars.length - 1 - place] ?? 0),
    ),
  }));
}

function* leasesOf(
  worker: LiveWorker,
): Generator<{ job: JobId; index: number; attempt: number; grant: LiveGrant }> {
  let looked = 0;
  for (const grant of worker.grants) {
    for (const { job, firstIndex, count, attempt } of grant.runs) {
      for (let index = firstIndex; index < firstIndex + count; index += 1) {
        yield { job, index, attempt, grant };
        if ((looked += 1) === MOST_LEASES) return;
      }
    }
  }
}
