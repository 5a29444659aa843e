import { agoOf, DAY, HOUR, longSpan, MINUTE, SECOND } from '../../model/spans.js';

/** `3 min ago`; empty for what has not happened. */
export function ago(date: Date | undefined, nowMs: number): string {
  return date === undefined ? '' : agoOf(nowMs - date.getTime());
}

/** How long something took or takes: `340 ms`, `2.5 s`, `3 min 20 s`, `5 h 12 min`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${String(Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  return longSpan(ms);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, min: MINUTE, h: HOUR, d: DAY };

/** Milliseconds of `90`, `90s`, `5m`, `1.5h`, `250ms`; seconds where no unit stands. Undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?$/.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  const ms = Math.round(Number(number) * (UNITS[unit] ?? Number.NaN));
  return ms > 0 ? ms : undefined;
}
