import { DsageError } from '../model/errors.js';
import type { ReadTasksResponse } from '../wire/gen/dsage/v1/client.js';
import { readPackedTasks } from '../wire/packed.js';
import { valueIn } from './payload-value.js';
import type { Connection } from './tracked-job.js';

const RETRY_MS = 100;

/**
 * The tasks of a job as they are stored, in order, from `first` on: as many as there are now. A connection that
 * breaks is taken up again.
 */
export async function* recordedTasks(
  connection: Connection,
  job: number,
  first: number,
): AsyncGenerator<readonly unknown[], void, void> {
  const { rpc, session } = connection;
  let next = first;
  for (;;) {
    const stream = rpc.readTasks({ job, firstIndex: next });
    try {
      for await (const { count, packedTasks } of stream as AsyncIterable<ReadTasksResponse>) {
        const tasks = await Promise.all(
          readPackedTasks(packedTasks, count).map((payload) => valueIn(connection, payload)),
        );
        next += count;
        yield tasks;
      }
      return;
    } catch (thrown) {
      const error = thrown instanceof DsageError ? thrown : rpc.explain(thrown);
      if (error.code !== 'unavailable' || session.ended !== undefined) throw error;
      // The session may not have noticed yet that the connection is gone.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      await session.until(() => session.isConnected);
    } finally {
      stream.cancel();
    }
  }
}
