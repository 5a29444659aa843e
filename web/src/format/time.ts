const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `3 min ago`; empty for what has not happened, which the API says with 0. */
export function ago(atMs: number, nowMs: number): string {
  if (atMs === 0) return '';
  const passed = nowMs - atMs;
  // Another machine's clock may be ahead of ours.
  if (passed < 2 * SECOND) return 'just now';
  if (passed < MINUTE) return `${Math.floor(passed / SECOND)} s ago`;
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min ago`;
  if (passed < 2 * DAY) return `${Math.floor(passed / HOUR)} h ago`;
  return `${Math.floor(passed / DAY)} days ago`;
}

/** How long something took or takes: `340 ms`, `2.5 s`, `3 min 20 s`, `5 h 12 min`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < HOUR) return twoUnits(ms, [MINUTE, 'min'], [SECOND, 's']);
  if (ms < DAY) return twoUnits(ms, [HOUR, 'h'], [MINUTE, 'min']);
  return twoUnits(ms, [DAY, 'd'], [HOUR, 'h']);
}

type Unit = readonly [size: number, name: string];

function twoUnits(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms - whole * large) / small);
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}

/** The exact time for the tooltip: `2026-11-27 06:36:08.123 UTC`. */
export function exactTime(atMs: number): string {
  const date = new Date(atMs);
  if (atMs === 0 || Number.isNaN(date.getTime())) return '';
  return date.toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** What a job or task has taken: until its end, or until now while it runs; -1 where it has not started. */
export function elapsedMs(startedAtMs: number, endedAtMs: number, nowMs: number): number {
  if (startedAtMs === 0) return -1;
  return Math.max(0, (endedAtMs === 0 ? nowMs : endedAtMs) - startedAtMs);
}
