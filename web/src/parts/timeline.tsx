import type { Timeline, TimelineBar } from '../../../src/model/monitor.js';
import { layLanes, spanOf, ticks } from '../format/lanes.js';
import { grouped, plural } from '../format/number.js';
import { duration } from '../format/time.js';
import { now } from '../live/clock.js';
import { isPaused } from '../live/paused.js';
import { go } from '../router.js';
import { Foreign } from './text.js';

const LANE_PX = 14;
const GAP_PX = 3;
const MAX_LANES = 64;

/** Beyond this part of the axis a label would not have the room to be read. */
const LAST_LABEL = 0.85;

interface TimelineProps {
  readonly timeline: Timeline;
  /** A worker's bars are of many jobs; a job's only say their task. */
  readonly names: 'jobs' | 'tasks';
}

/** Tasks on workers: a row of lanes for each worker, a bar for each attempt. Those that run grow. */
export function TimelineView({ timeline, names }: TimelineProps) {
  const { bars } = timeline;
  if (bars.length === 0) {
    return (
      <>
        <p class="muted">No task has run for long enough to be seen.</p>
        <NotBegun timeline={timeline} />
      </>
    );
  }
  const isRunning = bars.some(({ endedAtMs }) => endedAtMs === 0);
  const nowMs = isRunning && !isPaused.value ? Math.max(now.value, timeline.atMs) : timeline.atMs;
  const { fromMs, toMs } = spanOf(bars, nowMs);
  const lengthMs = toMs - fromMs;
  return (
    <div class="timeline">
      <p class="small muted">
        {plural(bars.length, 'attempt')} over {duration(lengthMs)}
      </p>
      <div class="timeline-grid">
        {layLanes(timeline).map(({ worker, name, lanes }) => (
          <div class="timeline-row" key={worker}>
            <a class="timeline-name" href={`/workers/${worker}`}>
              <Foreign text={name} class="line" />
            </a>
            <svg
              class="timeline-lanes"
              height={Math.min(lanes.length, MAX_LANES) * (LANE_PX + GAP_PX) + GAP_PX}
              role="img"
              aria-label={`${name}: ${plural(
                lanes.reduce((sum, lane) => sum + lane.bars.length, 0),
                'attempt',
              )}`}
            >
              {ticks(lengthMs, 8).map((at) => (
                <line
                  key={at}
                  class="tick"
                  x1={`${(100 * at) / lengthMs}%`}
                  x2={`${(100 * at) / lengthMs}%`}
                  y1="0"
                  y2="100%"
                />
              ))}
              {lanes
                .slice(0, MAX_LANES)
                .map((lane, at) =>
                  lane.bars.map((bar) => (
                    <Bar
                      key={`${bar.job} ${bar.index} ${bar.attempt}`}
                      bar={bar}
                      top={GAP_PX + at * (LANE_PX + GAP_PX)}
                      left={(bar.startedAtMs - fromMs) / lengthMs}
                      width={((bar.endedAtMs === 0 ? nowMs : bar.endedAtMs) - bar.startedAtMs) / lengthMs}
                      title={titleOf(bar, names, nowMs)}
                    />
                  )),
                )}
            </svg>
          </div>
        ))}
        <div class="timeline-row" aria-hidden="true">
          <span />
          <div class="timeline-axis small muted">
            {ticks(lengthMs, 8)
              .filter((at) => at < LAST_LABEL * lengthMs)
              .map((at) => (
                <span key={at} style={{ left: `${(100 * at) / lengthMs}%` }}>
                  {at === 0 ? '0' : duration(at).replace('.0 ', ' ')}
                </span>
              ))}
          </div>
        </div>
      </div>
      <NotBegun timeline={timeline} />
    </div>
  );
}

/** Workers take a few tasks more than they run, so that short ones never keep them waiting: those have no bar. */
function NotBegun({ timeline: { notBegun, workers } }: Pick<TimelineProps, 'timeline'>) {
  const held = Object.entries(notBegun).map(([worker, count]) => ({ worker: Number(worker), count }));
  if (held.length === 0) return null;
  return (
    <p class="small muted">
      Given to a worker and not begun, or only just:{' '}
      {held.map(({ worker, count }, at) => (
        <span key={worker}>
          {at > 0 && ' · '}
          {grouped(count)} on{' '}
          <a href={`/workers/${worker}`}>
            <Foreign text={workers[worker] || `worker ${worker}`} class="line" />
          </a>
        </span>
      ))}
    </p>
  );
}

interface BarProps {
  readonly bar: TimelineBar;
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly title: string;
}

function Bar({ bar, top, left, width, title }: BarProps) {
  return (
    <rect
      class={`attempt fill-${bar.status}`}
      x={`${100 * left}%`}
      y={top}
      height={LANE_PX}
      rx="2"
      style={{ width: `max(2px, calc(${100 * Math.max(0, width)}% - 1px))` }}
      onClick={() => go(`/jobs/${bar.job}?tab=tasks&task=${bar.index}`)}
    >
      <title>{title}</title>
    </rect>
  );
}

function titleOf(
  { job, index, attempt, status, startedAtMs, endedAtMs }: TimelineBar,
  names: string,
  nowMs: number,
): string {
  const which = names === 'jobs' ? `job ${job}, task ${index}` : `task ${index}`;
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  return `${which}${again}: ${status}, ${duration((endedAtMs === 0 ? nowMs : endedAtMs) - startedAtMs)}`;
}
