import type { TaskContext } from '../evaluators/task-context.js';
import { Coordinator } from '../jobs/coordinator.js';
import type { DistributedJob } from '../jobs/distributed-job.js';
import { DsageError, KilledError, messageOf, sentence, TaskFailedError } from '../model/errors.js';
import type { TaskIndex } from '../model/job.js';
import { LocalJobPort } from './job-port.js';
import { localContext } from './local-context.js';
import type { Runner } from './runner.js';

/**
 * Runs a job in this very thread, one task at a time; returns it at once. It is for what is done before a thread would
 * have started: nothing protects the caller from what tasks do, and one that never waits holds up everything else.
 */
export function startHere<Job extends DistributedJob>(job: Job): Job {
  new Coordinator(job, new LocalJobPort(new HereRunner(job))).start();
  return job;
}

class HereRunner implements Runner {
  readonly slots = 1;
  readonly #job: DistributedJob;
  #running: TaskContext | undefined;

  constructor(job: DistributedJob) {
    this.#job = job;
  }

  /** Beside the task there is what a coordinator needs when it is made again. */
  prepare(content: unknown): unknown {
    return (content as readonly unknown[])[0];
  }

  async run(task: unknown, index: TaskIndex, signal: AbortSignal): Promise<unknown> {
    const context = localContext(0, index);
    this.#running = context;
    const abort = (): void => context.abort(new KilledError(messageOf(signal.reason)));
    signal.addEventListener('abort', abort);
    try {
      return await this.#job.compute(task, context);
    } catch (thrown) {
      if (signal.aborted) throw new KilledError(`The task was killed: ${messageOf(signal.reason)}`);
      throw new TaskFailedError(`The task failed: ${sentence(messageOf(thrown))}`, { cause: thrown });
    } finally {
      signal.removeEventListener('abort', abort);
      this.#running = undefined;
    }
  }

  close(): void {
    this.#running?.abort(new DsageError('closed', 'The job that the task is of was closed.'));
  }
}
