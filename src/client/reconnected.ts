import { setTimeout as sleep } from 'node:timers/promises';

import type { Rpc } from './rpc.js';
import type { Session } from './session.js';

/** The session may not have noticed yet that the connection is gone. */
const NOTICE_MS = 100;

/**
 * What a stream of answers does when it broke: waits until the connection is there again, so that the stream can be
 * opened anew where it was. Throws what the stream ended with when that is not the connection's fault.
 */
export async function reconnected(
  { rpc, session }: { readonly rpc: Rpc; readonly session: Session },
  thrown: unknown,
): Promise<void> {
  const error = rpc.explain(thrown);
  if (error.code !== 'unavailable' || session.ended !== undefined) throw error;
  await sleep(NOTICE_MS);
  await session.until(() => session.isConnected);
}
