import type { ReadTasksResponse } from '../wire/gen/dsage/v1/client.js';
import { readPackedTasks } from '../wire/packed.js';
import { valueIn } from './payload-value.js';
import { reconnected } from './reconnected.js';
import type { Connection } from './tracked-job.js';

/**
 * The tasks of a job as they are stored, in order, from `first` on: as many as there are now. A connection that
 * breaks is taken up again.
 */
export async function* recordedTasks(
  connection: Connection,
  job: number,
  first: number,
): AsyncGenerator<readonly unknown[], void, void> {
  let next = first;
  for (;;) {
    const stream = connection.rpc.readTasks({ job, firstIndex: next });
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
      await reconnected(connection, thrown);
    } finally {
      stream.cancel();
    }
  }
}
