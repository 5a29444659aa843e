const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `3 min ago`; empty for what has not happened. */
export function ago(date: Date | undefined, nowMs: number): string {
  if (date === undefined) return '';
  const passed = nowMs - date.getTime();
  // Another machine's clock may be ahead of ours.
  if (passed < 2 * SECOND) return 'just now';
  const [size, unit] =
    passed < MINUTE
      ? [SECOND, 's']
      : passed < HOUR
        ? [MINUTE, 'min']
        : passed < 2 * DAY
          ? [HOUR, 'h']
          : [DAY, 'days'];
  return `${String(Math.floor(passed / size))} ${unit} ago`;
}

/** How long something took or takes: `340 ms`, `2.5 s`, `3 min 20 s`, `5 h 12 min`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${String(Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < HOUR) return twoUnits(ms, [MINUTE, 'min'], [SECOND, 's']);
  if (ms < DAY) return twoUnits(ms, [HOUR, 'h'], [MINUTE, 'min']);
  return twoUnits(ms, [DAY, 'd'], [HOUR, 'h']);
}

type Unit = readonly [size: number, name: string];

function twoUnits(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms - whole * large) / small);
  return rest === 0
    ? `${String(whole)} ${largeName}`
    : `${String(whole)} ${largeName} ${String(rest)} ${smallName}`;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, min: MINUTE, h: HOUR, d: DAY };

/** Milliseconds of `90`, `90s`, `5m`, `1.5h`, `250ms`; seconds where no unit stands. Undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?$/.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  const ms = Math.round(Number(number) * (UNITS[unit] ?? Number.NaN));
  return ms > 0 ? ms : undefined;
}
