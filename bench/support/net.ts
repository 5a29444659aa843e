import { createServer } from 'node:net';

/** A port of 127.0.0.1 that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Runs `attempt` until it returns true. Throws when that takes too long. */
export async function waitUntil(
  what: string,
  attempt: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const givesUpAt = Date.now() + timeoutMs;
  while (!(await attempt())) {
    if (Date.now() > givesUpAt) throw new Error(`${what}: not after ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
