import { DsageError, messageOf } from '../../model/errors.js';
import type { Failure } from '../../model/task.js';
import { writeAnswerRecord } from '../../wire/packed.js';
import { inlinePayload } from '../../wire/payload.js';
import { payloadOf } from './answer.js';
import type { AnswerPayload } from './answer.js';
import type { CompiledProgram } from '../../evaluators/evaluator.js';
import { TaskContext } from '../../evaluators/task-context.js';
import { encodeFailure, setupFault, thrownFault } from './failure.js';
import type { Fault } from './failure.js';
import { writeEnded, writeProgress } from './messages.js';
import type { ProgramMessage, TaskMessage } from './messages.js';
import type { ChildParts } from './parts.js';
import { bytesOf } from './programs.js';
import type { Program } from './programs.js';

/** So many messages of a task's progress are sent at once, and some more every second. */
const PROGRESS_BURST = 20;
const PROGRESS_PER_MS = 0.01;

type State = 'running' | 'returned' | 'failed';

/** One attempt at one task, from its start to its answer. */
export class TaskRun {
  readonly context: TaskContext;
  /** When the loop began to wait for its handles to close. */
  closingSinceMs: number | undefined;
  /** Why the folder could not be made clean for the next task: a full disk, for one. */
  directoryFault: string | undefined;
  readonly #program: Program;
  readonly #task: TaskMessage;
  readonly #parts: ChildParts;
  readonly #startedAtMs = Date.now();
  readonly #startMs = performance.now();
  #state: State = 'running';
  #value: unknown;
  #fault: Fault | undefined;
  #wallUs = 0;
  #cpuUs = 0;
  #peakMemoryKb = 0;
  #onSettled: () => void = () => undefined;
  #progressTokens = PROGRESS_BURST;
  #progressAtMs = 0;

  constructor(program: Program, task: TaskMessage, parts: ChildParts) {
    const { job, workerName, host } = program.message;
    const { index, attempt } = task;
    this.#program = program;
    this.#task = task;
    this.#parts = parts;
    this.context = new TaskContext({
      job,
      index,
      attempt,
      directory: parts.directory.path,
      worker: workerName,
      host,
      onProgress: (fraction) => this.#sayProgress(fraction),
    });
  }

  get ticket(): number {
    return this.#task.ticket;
  }

  get name(): string {
    return `Job ${this.#message.job} task ${this.#task.index} attempt ${this.#task.attempt}`;
  }

  get isSettled(): boolean {
    return this.#state !== 'running';
  }

  get wallUs(): number {
    return this.#wallUs;
  }

  get recycleAboveKb(): number {
    return this.#message.recycleAboveKb;
  }

  get #message(): ProgramMessage {
    return this.#program.message;
  }

  /** Runs the task; `onSettled` is called once, perhaps at once, when it has returned or failed. */
  start(onSettled: () => void): void {
    this.#onSettled = onSettled;
    this.#parts.cpu.begin(this.#startMs);
    this.#parts.output.begin(this.ticket, this.#message.outputBytes);
    let value: unknown;
    try {
      const { compiled, input } = this.#prepare();
      if (compiled === undefined) return;
      value =
        compiled instanceof Promise ? this.#runLoaded(compiled, input) : compiled.run(input, this.context);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (isThenable(value)) {
      Promise.resolve(value).then(
        (result) => this.#settle('returned', result),
        (error: unknown) => this.fail(error),
      );
    } else {
      this.#settle('returned', value);
    }
  }

  /** At once, unless it says so over and over: nobody reads that quickly. */
  #sayProgress(fraction: number): void {
    const now = performance.now();
    const tokens = Math.min(
      PROGRESS_BURST,
      this.#progressTokens + (now - this.#progressAtMs) * PROGRESS_PER_MS,
    );
    this.#progressAtMs = now;
    this.#progressTokens = tokens;
    if (tokens < 1 || this.isSettled) return;
    this.#progressTokens -= 1;
    writeProgress(this.#parts.channel.writer, { ticket: this.ticket, fraction });
    this.#parts.channel.flush();
  }

  /** The first task of a program whose module has to be loaded. */
  async #runLoaded(compiling: Promise<CompiledProgram>, input: Uint8Array | undefined): Promise<unknown> {
    let compiled: CompiledProgram;
    try {
      compiled = await compiling;
    } catch (error) {
      this.#failWith(setupFault(error));
      return undefined;
    }
    this.#parts.traces.adopt();
    // Something that the module left behind may have thrown meanwhile.
    if (this.isSettled) return undefined;
    return compiled.run(input, this.context);
  }

  /** Ends the task with what it threw; also after it has returned, for as long as its answer is not sent. */
  fail(error: unknown): void {
    this.#failWith(
      error instanceof DsageError && error.code === 'setup' ? setupFault(error) : thrownFault(error),
    );
  }

  /** Writes the finished answer among the frames to send, behind the last of its output. */
  writeEnd(): void {
    const { output, channel } = this.#parts;
    let answer = this.#answer();
    const kept = this.#settleDirectory();
    answer ??= { payload: inlinePayload(encodeFailure(this.#failure(kept))), file: '' };
    output.gather();
    const completed = this.#state === 'returned';
    const record = writeAnswerRecord({
      index: this.#task.index,
      attempt: this.#task.attempt,
      outcome: completed ? 'completed' : 'failed',
      worker: this.#message.worker,
      startedAtMs: this.#startedAtMs,
      wallUs: this.#wallUs,
      cpuUs: this.#cpuUs,
      peakMemoryKb: this.#peakMemoryKb,
      payload: answer.payload,
    });
    writeEnded(channel.writer, {
      ticket: this.ticket,
      completed,
      wallUs: this.#wallUs,
      file: answer.file,
      record,
    });
  }

  #settleDirectory(): string | undefined {
    try {
      return this.#parts.directory.settle(this.#state === 'failed' ? this.context : undefined);
    } catch (error) {
      this.directoryFault = messageOf(error);
      return undefined;
    }
  }

  #prepare(): { compiled?: ReturnType<Program['compiled']>; input?: Uint8Array | undefined } {
    try {
      const { attachments } = this.#message;
      if (attachments.length > 0) this.#parts.directory.prepare(attachments);
      const { input } = this.#task;
      return { compiled: this.#program.compiled(), input: input === undefined ? undefined : bytesOf(input) };
    } catch (error) {
      this.#failWith(setupFault(error));
      return {};
    }
  }

  #failWith(fault: Fault): void {
    const wasRunning = this.#state === 'running';
    this.#fault ??= fault;
    if (wasRunning) this.#settle('failed', undefined);
    else this.#state = 'failed';
  }

  #settle(state: State, value: unknown): void {
    if (this.#state !== 'running') return;
    const nowMs = performance.now();
    this.#state = state;
    this.#value = value;
    this.#wallUs = Math.round((nowMs - this.#startMs) * 1000);
    this.#cpuUs = this.#parts.cpu.end(nowMs, this.#wallUs);
    this.#peakMemoryKb = this.#parts.memory.peakKb(nowMs);
    this.#onSettled();
  }

  /** The payload of the value; undefined when there is a failure to send instead. */
  #answer(): AnswerPayload | undefined {
    if (this.#state === 'failed') return undefined;
    const { job } = this.#message;
    const { index, attempt } = this.#task;
    try {
      const name = `answer-${job}-${index}-${attempt}-${process.pid}.cbor`;
      return payloadOf(this.#value, this.#parts.workDirectory, name);
    } catch (error) {
      this.#failWith({ ...setupFault(error), kind: 'not-sendable' });
      return undefined;
    }
  }

  #failure(directory: string | undefined): Failure {
    const { kind, message, error } = this.#fault ?? thrownFault(undefined);
    const lastOutput = this.#parts.output.tail();
    return {
      kind,
      message,
      attempt: this.#task.attempt,
      workerName: this.#message.workerName,
      host: this.#message.host,
      ...(error === undefined ? {} : { error }),
      ...(lastOutput === undefined ? {} : { lastOutput }),
      peakMemoryKb: this.#peakMemoryKb,
      wallMs: this.#wallUs / 1000,
      startedAtMs: this.#startedAtMs,
      ...(directory === undefined ? {} : { directory }),
    };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return typeof (value as { readonly then?: unknown }).then === 'function';
}
