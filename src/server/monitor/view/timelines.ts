import type { JobId, TaskIndex } from '../../../model/job.js';
import type { Timeline, TimelineBar } from '../../../model/monitor.js';
import type { Holding, LiveJob, LiveWorker, State } from '../../core/state.js';
import { readAnswerRecord } from '../../../wire/packed.js';
import type { JobView } from '../../views.js';
import type { MonitorServices } from '../monitor-services.js';
import { barOf } from './ended-tasks.js';

const MOST_BARS = 2_000;
/** Answers are read with their values: of large ones fewer. */
const MOST_BYTES = 16 * 1_048_576;
/** Workers hold more leases than they run; no more are looked at. */
const MOST_LEASES = 10_000;

/** A job's tasks on workers: those that run, and the newest that ended. */
export function jobTimeline(services: MonitorServices, { record }: JobView): Timeline {
  const { engine } = services;
  const { bars, notBegun } = running(leasesOfJob(engine.state.jobs.get(record.id)));
  let bytes = 0;
  for (let ordinal = record.state.answerCount - 1; ordinal >= 0; ordinal -= 1) {
    if (bars.length >= MOST_BARS || bytes >= MOST_BYTES) break;
    const answer = engine.store.answer(record.id, ordinal);
    if (answer === undefined) continue;
    bytes += answer.length;
    bars.push(barOf(record.id, readAnswerRecord(answer)));
  }
  return timelineOf(services, bars, notBegun);
}

/** A worker's last tasks; of jobs that the viewer may see. */
export function workerTimeline(
  services: MonitorServices,
  worker: LiveWorker,
  owner: string | undefined,
): Timeline {
  const { live, engine } = services;
  const mayBeSeen = (job: JobId) => owner === undefined || live.table.owner(job) === owner;
  const { bars, notBegun } = running(leasesOfWorker(engine.state, worker, mayBeSeen));
  bars.push(...live.ended.of(worker.number).filter(({ job }) => mayBeSeen(job)));
  return timelineOf(services, bars, notBegun);
}

function timelineOf(
  { live, now }: MonitorServices,
  bars: readonly TimelineBar[],
  notBegun: Record<number, number>,
): Timeline {
  const workers: Record<number, string> = {};
  for (const worker of [...bars.map((bar) => bar.worker), ...Object.keys(notBegun).map(Number)])
    workers[worker] ??= live.nameOf(worker);
  return { atMs: now(), bars: bars.slice(0, MOST_BARS), notBegun, workers };
}

interface Lease {
  readonly job: LiveJob;
  readonly index: TaskIndex;
  readonly holding: Holding;
}

/** Leases whose tasks have begun as bars, and how many others each worker holds. */
function running(leases: Iterable<Lease>): { bars: TimelineBar[]; notBegun: Record<number, number> } {
  const bars: TimelineBar[] = [];
  const notBegun: Record<number, number> = {};
  let looked = 0;
  for (const { job, index, holding } of leases) {
    const { grant, attempt } = holding;
    const { worker } = grant;
    const startedAtMs = job.starts.get(index);
    if (startedAtMs === undefined) notBegun[worker] = (notBegun[worker] ?? 0) + 1;
    else {
      const times = { startedAtMs, endedAtMs: 0 };
      bars.push({ job: job.id, index, attempt, worker, ...times, status: 'processing' });
    }
    if ((looked += 1) === MOST_LEASES) break;
  }
  return { bars, notBegun };
}

function* leasesOfJob(job: LiveJob | undefined): Generator<Lease> {
  if (job === undefined) return;
  for (const [index, holding] of job.leases) yield { job, index, holding };
}

function* leasesOfWorker(
  state: State,
  worker: LiveWorker,
  mayBeSeen: (job: JobId) => boolean,
): Generator<Lease> {
  for (const grant of worker.grants) {
    for (const { job: id, firstIndex, count } of grant.runs) {
      const job = state.jobs.get(id);
      if (job === undefined || !mayBeSeen(id)) continue;
      for (let index = firstIndex; index < firstIndex + count; index += 1) {
        const holding = job.leases.get(index);
        if (holding?.grant === grant) yield { job, index, holding };
      }
    }
  }
}
