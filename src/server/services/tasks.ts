import { TARGET_BATCH_BYTES } from '../../model/protocol.js';
import type { Identity } from '../../model/user.js';
import type { ReadTasksRequest, ReadTasksResponse } from '../../wire/gen/dsage/v1/client.js';
import { PackedTasksWriter } from '../../wire/packed.js';
import type { Services } from './services.js';

const TASKS_A_MESSAGE = 4096;

/** The inputs of a job's tasks, as many as there are when the call begins. */
export async function* readTasks(
  { views, engine }: Services,
  { job, firstIndex }: ReadTasksRequest,
  caller: Identity,
): AsyncGenerator<ReadTasksResponse> {
  views.requireJob(job, caller);
  await engine.settled();
  const { taskCount } = views.requireJob(job, caller).record.state;
  const writer = new PackedTasksWriter();
  let first = firstIndex;
  for (let index = firstIndex; index < taskCount; index += 1) {
    const payload = engine.store.task(job, index);
    // Forgotten meanwhile.
    if (payload === undefined) return;
    writer.add(payload);
    if (writer.count < TASKS_A_MESSAGE && writer.byteLength < TARGET_BATCH_BYTES && index < taskCount - 1)
      continue;
    const { count } = writer;
    yield { firstIndex: first, count, packedTasks: writer.take() };
    first = index + 1;
  }
}
