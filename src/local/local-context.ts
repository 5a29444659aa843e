import { hostname } from 'node:os';

import { TaskContext } from '../evaluators/task-context.js';

/** What a task knows of itself that this machine runs without a server: one attempt, in the folder of the program. */
export function localContext(job: number, index: number): TaskContext {
  const host = hostname();
  return new TaskContext({
    ...{ job, index, attempt: 1 },
    ...{ directory: process.cwd(), worker: 'local', host, onProgress: () => undefined },
  });
}
