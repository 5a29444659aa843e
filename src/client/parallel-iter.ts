import { InputWindow } from '../jobs/input-window.js';
import type { ManyInputs } from '../jobs/input-window.js';
import { checkOnError, inputError } from '../jobs/parallel.js';
import type { OnError, OnErrorOption } from '../jobs/parallel.js';
import { DsageError } from '../model/errors.js';
import { beginMap } from './actions.js';
import { functionDraft } from './drafts.js';
import type { AnyFunction } from './drafts.js';
import type { ArgumentSource } from './inputs.js';
import { MapJob } from './map-job.js';
import { whole } from './options.js';
import type { MapOptions } from './options.js';
import type { Draft } from './submit.js';
import { TaskHandle } from './task-handle.js';
import type { Connection, TrackedJob } from './tracked-job.js';

export interface ParallelIterOptions extends MapOptions, OnErrorOption {
  /**
   * How many inputs are read ahead of the outputs that were taken; 10,000 unless given. More than the cluster has
   * slots, so that none is idle; what is in it takes memory here.
   */
  readonly window?: number;
}

const WINDOW = 10_000;
const MAX_WINDOW = 10_000_000;

/**
 * One map job whose outputs are given as they come, each with its input. What was given is forgotten, here, so that
 * inputs may have no end.
 */
export function parallelIter<I>(
  connection: Connection,
  fn: AnyFunction,
  inputs: ManyInputs<I>,
  { onError, window, ...options }: ParallelIterOptions,
): AsyncGenerator<[I, unknown], void, void> {
  const draft = functionDraft('map', fn, options);
  const size = whole('window', window, [1, MAX_WINDOW]) ?? WINDOW;
  return iterate(connection, draft, new InputWindow(inputs, size), checkOnError(onError));
}

async function* iterate<I>(
  connection: Connection,
  draft: Draft,
  window: InputWindow<I>,
  onError: OnError,
): AsyncGenerator<[I, unknown], void, void> {
  const { tracked, feed } = beginMap(connection, draft, sourceOf(window));
  let hasThrown = false;
  try {
    for (let place = 0; ; place++) {
      const index = await arrivalAt(tracked, place);
      if (index === undefined) break;
      // Somebody had the job run again, and this one was given before.
      if (!window.has(index)) continue;
      const output = await outputOf(tracked, index);
      tracked.ledger.release(index);
      const input = window.take(index);
      if (!(output instanceof FailedTask)) {
        yield [input, output];
        continue;
      }
      const error = inputError(input, output.error);
      if (onError === 'throw') throw error;
      yield [input, error];
    }
    // Tasks without an answer: the job as a whole was stopped.
    if (window.pending > 0 || !window.isExhausted) throw stoppedError(new MapJob(tracked, feed));
  } catch (error) {
    hasThrown = true;
    // What the inputs threw comes out as it is; the job has it in words.
    throw window.failure === undefined ? error : window.failure.error;
  } finally {
    window.stop();
    if (!tracked.isSettled && tracked.problem === undefined) {
      await new MapJob(tracked, feed).kill('the loop over its outputs was left').catch((error: unknown) => {
        if (!hasThrown) throw error;
      });
    }
    // Not waited for: an input that is on its way may never come.
    void window.close();
  }
}

function sourceOf(window: InputWindow<unknown>): ArgumentSource {
  return {
    isSync: false,
    next: () => undefined,
    nextAsync: () => window.next(),
    close: () => window.close(),
  };
}

/** The task whose answer came as number `place`, once it is here; undefined when no more will come. */
async function arrivalAt(tracked: TrackedJob, place: number): Promise<number | undefined> {
  const isHere = (): boolean => {
    const index = tracked.ledger.arrival(place);
    return index !== undefined && tracked.isLoaded(index);
  };
  // Without a promise where none is needed: answers come in batches.
  if (!isHere()) await tracked.until(() => isHere() || (tracked.isSettled && tracked.problem === undefined));
  return tracked.ledger.arrival(place);
}

class FailedTask {
  readonly error: DsageError;

  constructor(error: DsageError) {
    this.error = error;
  }
}

/** What the task returned; a FailedTask with every attempt's reason when it returned nothing. */
async function outputOf(tracked: TrackedJob, index: number): Promise<unknown> {
  const task = new TaskHandle(tracked, index);
  if (task.status === 'completed') return task.result;
  try {
    return await task.wait();
  } catch (error) {
    if (error instanceof DsageError) return new FailedTask(error);
    throw error;
  }
}

function stoppedError(job: MapJob): DsageError {
  return job.error ?? new DsageError('internal', 'A job ended without all of its answers.');
}
