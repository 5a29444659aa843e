/** When to try again after the connection was lost. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;

/**
 * Milliseconds to wait before the next try: doubling from 100 ms to 5 s, less a random part of up to a half,
 * so that clients that lost the same server do not come back in step.
 *
 * @param failures how many tries in a row have failed, from 1
 * @param random at least 0, below 1
 */
export function retryDelayMs(failures: number, random: number): number {
  const full = Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, Math.min(failures, 30) - 1), LAST_RETRY_MS);
  return full * (1 - random / 2);
}
