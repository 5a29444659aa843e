import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import type { CompiledProgram, ProgramFacts } from '../../evaluators/evaluator.js';
import { evaluatorNamed } from '../../evaluators/registry.js';
import type { TaskContext } from '../../evaluators/task-context.js';
import { encodeWithError, messageOfThrown } from '../../evaluators/thrown.js';
import { KilledError } from '../../model/errors.js';
import { encodeValue } from '../../wire/codec.js';
import { localContext } from '../local-context.js';
import { movable } from '../messages.js';
import type { FromThread, ToThread } from '../messages.js';

/** A program as it came; it is compiled when its first task runs. */
interface Program {
  readonly id: number;
  readonly evaluator: string;
  readonly program: Uint8Array;
  compiled?: CompiledProgram | Promise<CompiledProgram>;
}

/** The program of a thread: see src/local/slot.ts for the other side. One task after the other runs here. */
class TaskThread {
  readonly #port: MessagePort;
  readonly #programs = new Map<number, Program>();
  #running: TaskContext | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  obey(message: ToThread): void {
    switch (message.type) {
      case 'program':
        this.#programs.set(message.id, { ...message });
        return;
      case 'run':
        void this.#run(message);
        return;
      case 'abort':
        this.#running?.abort(new KilledError(message.message));
    }
  }

  /** What nobody caught belongs to the task that runs, unless it is of one that has ended. */
  uncaught(error: unknown): void {
    const context = this.#running;
    if (context !== undefined) this.#fail(context, error);
    else
      process.emitWarning(
        `A task that had ended failed afterwards: ${messageOfThrown(error)}`,
        'DsageWarning',
      );
  }

  async #run({ program, input, index }: ToThread & { readonly type: 'run' }): Promise<void> {
    const context = localContext(program, index);
    this.#running = context;
    try {
      const compiled = await this.#compiled(program);
      const value = await compiled.run(input, context);
      const answer = movable(encodeValue(value));
      this.#end(context, { type: 'returned', answer }, answer.buffer);
    } catch (error) {
      this.#fail(context, error);
    }
  }

  #compiled(id: number): CompiledProgram | Promise<CompiledProgram> {
    const program = this.#programs.get(id);
    if (program === undefined)
      throw new Error(`The pool sent a task of program ${id}, which it did not send.`);
    return (program.compiled ??= evaluatorNamed(program.evaluator).compile(program.program, factsOf(id)));
  }

  #fail(context: TaskContext, error: unknown): void {
    const failure = movable(encodeWithError({ message: messageOfThrown(error) }, error));
    this.#end(context, { type: 'failed', failure }, failure.buffer);
  }

  /** Once for each task: a failure that nobody caught may come before the end of what it is part of. */
  #end(context: TaskContext, message: FromThread, memory: ArrayBuffer): void {
    if (this.#running !== context) return;
    this.#running = undefined;
    this.#port.postMessage(message, [memory]);
  }
}

/** Modules are found as the program itself finds them: they are on this machine. */
function factsOf(id: number): ProgramFacts {
  return {
    ...{ job: id, bundle: undefined, startDirectory: process.cwd(), worker: 'local' },
    ...{ isDetached: false, coordination: undefined },
  };
}

if (parentPort !== null) {
  const thread = new TaskThread(parentPort);
  process.on('uncaughtException', (error) => thread.uncaught(error));
  process.on('unhandledRejection', (reason) => thread.uncaught(reason));
  parentPort.on('message', (message: ToThread) => thread.obey(message));
}
