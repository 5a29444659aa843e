import type { OutputChunk, ReadOutputResponse } from '../wire/gen/dsage/v1/client.js';
import { reconnected } from './reconnected.js';
import type { Rpc } from './rpc.js';
import type { Session } from './session.js';

export interface OutputRequest {
  readonly job: number;
  /** Only this task. */
  readonly index?: number;
  /** Go on until the job ends. */
  readonly follow?: boolean;
  /** Only the last bytes of each task; all of them unless given. */
  readonly tailBytes?: number;
}

/**
 * What a job's tasks wrote, chunk by chunk. A connection that breaks is taken up again, and chunks that
 * were already handed on are not repeated.
 */
export async function* readOutput(
  connection: { readonly rpc: Rpc; readonly session: Session },
  request: OutputRequest,
): AsyncGenerator<OutputChunk, void, void> {
  const { job, index, follow = false, tailBytes = 0 } = request;
  /** By task and attempt: the next chunk. */
  const next = new Map<string, number>();
  while (true) {
    const stream = connection.rpc.readOutput({ job, index, follow, tailBytes });
    try {
      for await (const { chunks } of stream as AsyncIterable<ReadOutputResponse>) {
        for (const chunk of chunks) {
          const key = `${chunk.index}/${chunk.attempt}`;
          if (chunk.chunk < (next.get(key) ?? 0)) continue;
          next.set(key, chunk.chunk + 1);
          yield chunk;
        }
      }
      return;
    } catch (thrown) {
      await reconnected(connection, thrown);
    } finally {
      // Whoever stops listening early ends the call, not only the loop.
      stream.cancel();
    }
  }
}
