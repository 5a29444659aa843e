import type { Timeline, TimelineBar } from '../../../src/model/monitor.js';

interface Lane {
  readonly bars: readonly TimelineBar[];
}

export interface WorkerLanes {
  readonly worker: number;
  readonly name: string;
  readonly lanes: readonly Lane[];
}

/**
 * The bars of each worker in as few lanes as they need: a bar goes into the first lane whose last bar has ended, so
 * that lanes are what slots were.
 */
export function layLanes({ bars, workers }: Pick<Timeline, 'bars' | 'workers'>): WorkerLanes[] {
  const byWorker = new Map<number, TimelineBar[]>();
  for (const bar of bars) {
    const own = byWorker.get(bar.worker);
    if (own) own.push(bar);
    else byWorker.set(bar.worker, [bar]);
  }
  return [...byWorker]
    .sort(([one], [other]) => one - other)
    .map(([worker, own]) => ({ worker, name: workers[worker] ?? `worker ${worker}`, lanes: lanesOf(own) }));
}

function lanesOf(bars: readonly TimelineBar[]): Lane[] {
  const lanes: { bars: TimelineBar[]; freeAtMs: number }[] = [];
  for (const bar of [...bars].sort((one, other) => one.startedAtMs - other.startedAtMs)) {
    const endedAtMs = bar.endedAtMs === 0 ? Number.POSITIVE_INFINITY : bar.endedAtMs;
    const lane = lanes.find(({ freeAtMs }) => freeAtMs <= bar.startedAtMs);
    if (lane) {
      lane.bars.push(bar);
      lane.freeAtMs = endedAtMs;
    } else {
      lanes.push({ bars: [bar], freeAtMs: endedAtMs });
    }
  }
  return lanes;
}

/** From the first start to the last end, or now where something runs. */
export function spanOf(
  bars: readonly TimelineBar[],
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  let fromMs = nowMs;
  let toMs = 0;
  for (const { startedAtMs, endedAtMs } of bars) {
    if (startedAtMs < fromMs) fromMs = startedAtMs;
    const end = endedAtMs === 0 ? nowMs : endedAtMs;
    if (end > toMs) toMs = end;
  }
  return { fromMs, toMs: Math.max(toMs, fromMs + 1) };
}

/** Round steps for an axis of about `count` parts, in milliseconds since its start. */
export function ticks(lengthMs: number, count: number): number[] {
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5,
  ];
  const more = [2, 3, 6, 12, 24, 48, 120, 240, 720, 2400, 7200].map((hours) => hours * 36e5);
  const step = [...steps, ...more].find((one) => lengthMs / one <= count) ?? lengthMs;
  const found: number[] = [];
  for (let at = 0; at <= lengthMs; at += step) found.push(at);
  return found;
}
