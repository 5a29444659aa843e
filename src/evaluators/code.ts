import { asyncSourceOf } from '../code/javascript.js';
import type { JobId } from '../model/job.js';
import { decodeValue } from '../wire/codec.js';
import type { TaskContext } from './task-context.js';
import { PRELUDE } from '../code/prelude/prelude.js';
import type { CompiledProgram } from './evaluator.js';
import { checkNames, evaluate, fileNameOf } from '../code/script.js';

/** A code string with the values of the variables it finds in scope. */
interface CodeProgram {
  readonly type: 'eval';
  readonly code: string;
  readonly vars?: Readonly<Record<string, unknown>>;
}

/** Compiles `{ type: 'eval', code, vars }`. Its tasks have no input. */
export function compileCode(program: Uint8Array, job: JobId): CompiledProgram {
  const { code, vars = {} } = decodeValue(program) as CodeProgram;
  const own = Object.keys(vars);
  checkNames(own);
  const taken = new Set(own);
  // Variables of the user's come before ours of the same name.
  const ours = ['signal', 'attempt', 'context', ...Object.keys(PRELUDE)].filter((name) => !taken.has(name));
  const fn = evaluate(asyncSourceOf(code, [...ours, ...own]), fileNameOf(job)) as (
    ...values: unknown[]
  ) => () => unknown;
  // A signal is made only for code that may look at it.
  const usesSignal = code.includes('signal');

  return {
    run(_input, context) {
      // Read anew each time: a task may change its variables.
      const values = own.length === 0 ? {} : ((decodeValue(program) as CodeProgram).vars ?? {});
      const scope: Record<string, unknown> = { ...PRELUDE, ...taskNames(context, usesSignal) };
      return fn(...ours.map((name) => scope[name]), ...own.map((name) => values[name]))();
    },
  };
}

function taskNames(context: TaskContext, usesSignal: boolean): Record<string, unknown> {
  return { context, attempt: context.attempt, signal: usesSignal ? context.signal : undefined };
}
