import { Worker } from 'node:worker_threads';

import type { DsageError } from '../model/errors.js';
import { messageOf, sentence, TaskFailedError } from '../model/errors.js';
import { decodeValue } from '../wire/codec.js';
import { movable } from './messages.js';
import type { FromThread, ThreadFailure, ToThread } from './messages.js';

const ENTRY = new URL('thread/main.js', import.meta.url);
/** How long a task that is stopped may take to end by itself, after its signal was aborted. */
const GRACE_MS = 200;

/** A program that tasks are of, as a job has it. */
export interface LocalProgram {
  readonly evaluator: string;
  /** CBOR, such as that of `{ type: 'function', source, name, scope }`. */
  readonly program: Uint8Array;
}

/** A task that somebody waits for. */
export interface LocalTask {
  readonly programId: number;
  readonly program: LocalProgram;
  readonly input: Uint8Array;
  readonly index: number;
  /** Milliseconds; undefined for no limit. */
  readonly timeoutMs: number | undefined;
  resolve(answer: Uint8Array): void;
  reject(error: DsageError): void;
}

export interface SlotOptions {
  /** MiB of each thread's heap; undefined leaves it to Node. */
  readonly memoryMb: number | undefined;
  /** The slot can take another task. */
  onFree(slot: ThreadSlot): void;
}

/** One thread at a time: started with its first task, replaced after it ended. It keeps Node alive while it works. */
export class ThreadSlot {
  readonly #options: SlotOptions;
  #thread: Worker | undefined;
  /** Programs that the thread has. */
  readonly #sent = new Set<number>();
  #task: LocalTask | undefined;
  /** Why the task is being stopped: that is how it ends, whatever it still says. */
  #verdict: DsageError | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What the thread died of, told before its end. */
  #fault: unknown;
  /** The thread is being ended: what it still says does not count. */
  #isEnding = false;
  #isClosed = false;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get task(): LocalTask | undefined {
    return this.#task;
  }

  run(task: LocalTask): void {
    this.#task = task;
    this.#verdict = undefined;
    const thread = (this.#thread ??= this.#start());
    thread.ref();
    const { programId, program, input, index, timeoutMs } = task;
    if (!this.#sent.has(programId)) {
      this.#sent.add(programId);
      thread.postMessage({ type: 'program', id: programId, ...program } satisfies ToThread);
    }
    const own = movable(input);
    thread.postMessage({ type: 'run', program: programId, input: own, index } satisfies ToThread, [
      own.buffer,
    ]);
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(
      () => this.stop(failed(`it ran longer than its limit of ${timeoutMs} ms`)),
      timeoutMs,
    );
  }

  /** Stops the task that runs: its signal is aborted, and its thread is ended when that is not enough. */
  stop(error: DsageError): void {
    if (this.#task === undefined || this.#verdict !== undefined) return;
    this.#verdict = error;
    clearTimeout(this.#timer);
    const thread = this.#thread;
    thread?.postMessage({ type: 'abort', message: error.message } satisfies ToThread);
    this.#timer = setTimeout(() => this.#terminate(), GRACE_MS);
  }

  /** Ends the thread, after the task that runs was stopped. Resolves once it is gone. */
  async close(error: DsageError): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    if (thread === undefined) return;
    const gone = new Promise((resolve) => thread.once('exit', resolve));
    if (this.#task === undefined) this.#terminate();
    else this.stop(error);
    await gone;
  }

  #terminate(): void {
    this.#isEnding = true;
    void this.#thread?.terminate();
  }

  #start(): Worker {
    const { memoryMb } = this.#options;
    const thread = new Worker(ENTRY, {
      name: 'dsage task',
      // What this program was started with, a compiler perhaps, is no part of a task.
      execArgv: [],
      ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
    });
    this.#sent.clear();
    this.#fault = undefined;
    this.#isEnding = false;
    thread.on('message', (message: FromThread) => this.#onMessage(message));
    thread.on('error', (error) => (this.#fault = error));
    thread.on('exit', (code) => this.#onExit(code));
    return thread;
  }

  #onMessage(message: FromThread): void {
    if (this.#isEnding) return;
    if (message.type === 'returned') this.#end((task) => task.resolve(message.answer));
    else this.#end((task) => task.reject(failureOf(message.failure)));
  }

  #onExit(code: number): void {
    const fault = this.#fault;
    this.#thread = undefined;
    if (this.#task !== undefined) this.#end((task) => task.reject(this.#crash(code, fault)));
  }

  #end(tell: (task: LocalTask) => void): void {
    const task = this.#task;
    if (task === undefined) return;
    clearTimeout(this.#timer);
    this.#task = undefined;
    this.#thread?.unref();
    if (this.#isClosed) this.#terminate();
    if (this.#verdict === undefined) tell(task);
    else task.reject(this.#verdict);
    this.#options.onFree(this);
  }

  #crash(code: number, fault: unknown): DsageError {
    const { memoryMb } = this.#options;
    if (fault === undefined) return failed(`it ended its thread with process.exit(${code})`);
    if ((fault as { readonly code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY') {
      const limit = memoryMb === undefined ? 'a thread may have' : `its limit of ${memoryMb} MiB`;
      return failed(`it needed more memory than ${limit}`, { cause: fault });
    }
    return failed(`its thread broke: ${messageOf(fault)}`, {
      cause: fault,
    });
  }
}

function failureOf(cbor: Uint8Array): DsageError {
  const { message, error } = decodeValue(cbor) as ThreadFailure;
  return failed(message, { cause: error });
}

function failed(why: string, options: { readonly cause?: unknown } = {}): DsageError {
  return new TaskFailedError(`The task failed: ${sentence(why)}`, options);
}
