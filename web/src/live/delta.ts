/** A topic's object after a delta: its keys are whole new values, and what it does not name stays the same object. */
export function applyDelta<T extends object>(current: T | undefined, delta: Partial<T>): T | undefined {
  // A delta without its snapshot is of a stream that this page has not seen begin.
  if (current === undefined) return undefined;
  return { ...current, ...delta };
}

export type Health = 'live' | 'stale' | 'reconnecting' | 'paused';

/** The server says something at least every 10 s. */
export const STALE_AFTER_MS = 15_000;

export interface Connection {
  readonly isPaused: boolean;
  readonly isOpen: boolean;
  readonly lastMessageAtMs: number;
}

export function healthOf({ isPaused, isOpen, lastMessageAtMs }: Connection, nowMs: number): Health {
  if (isPaused) return 'paused';
  if (!isOpen) return 'reconnecting';
  return nowMs - lastMessageAtMs > STALE_AFTER_MS ? 'stale' : 'live';
}
