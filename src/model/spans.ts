// Spans of time in words, for every screen: the terminal and the page.

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** `3 min ago`, after so many milliseconds. */
export function agoOf(passedMs: number): string {
  // Another machine's clock may be ahead of ours.
  if (passedMs < 2 * SECOND) return 'just now';
  if (passedMs < MINUTE) return `${String(Math.floor(passedMs / SECOND))} s ago`;
  if (passedMs < HOUR) return `${String(Math.floor(passedMs / MINUTE))} min ago`;
  if (passedMs < 2 * DAY) return `${String(Math.floor(passedMs / HOUR))} h ago`;
  return `${String(Math.floor(passedMs / DAY))} days ago`;
}

/** A minute and longer, in the two largest units: `3 min 20 s`, `5 h 12 min`, `2 d`. */
export function longSpan(ms: number): string {
  if (ms < HOUR) return twoUnits(ms, [MINUTE, 'min'], [SECOND, 's']);
  if (ms < DAY) return twoUnits(ms, [HOUR, 'h'], [MINUTE, 'min']);
  return twoUnits(ms, [DAY, 'd'], [HOUR, 'h']);
}

type Unit = readonly [size: number, name: string];

function twoUnits(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms - whole * large) / small);
  const start = `${String(whole)} ${largeName}`;
  return rest === 0 ? start : `${start} ${String(rest)} ${smallName}`;
}
