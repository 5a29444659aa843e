import { agoOf, longSpan, MINUTE, SECOND } from '../../../src/model/spans.js';

/** `3 min ago`; empty for what has not happened, which the API says with 0. */
export function ago(atMs: number, nowMs: number): string {
  return atMs === 0 ? '' : agoOf(nowMs - atMs);
}

/** How long something took or takes: `340 ms`, `2.5 s`, `3 min 20 s`, `5 h 12 min`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  return longSpan(ms);
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
