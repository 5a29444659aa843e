import { DsageError } from '../model/errors.js';
import type { JobId } from '../model/job.js';
import { decodeValue } from '../wire/codec.js';
import type { ShippedFunction } from '../code/functions.js';
import { instantiate, sourceIn } from '../code/instantiate.js';
import { fileNameOf } from '../code/script.js';
import type { CompiledProgram } from './evaluator.js';

/** Compiles `{ type: 'function', source, name, scope }`. A task's input is the array of the arguments. */
export function compileFunction(program: Uint8Array, job: JobId): CompiledProgram {
  const {
    source,
    name,
    scope = {},
  } = decodeValue(program) as Partial<ShippedFunction> & Pick<ShippedFunction, 'source' | 'name'>;
  const { fn, enter } = instantiate({ source, name, scope }, fileNameOf(job));
  const text = [source, ...Object.values(scope).map(sourceIn)].join('\n');
  const usesTask = /\b(?:context|attempt|signal)\b/.test(text);
  const usesSignal = text.includes('signal');

  return {
    run(input, context) {
      if (usesTask) enter(context, context.attempt, usesSignal ? context.signal : undefined);
      return input === undefined ? fn() : fn(...argumentsOf(input));
    },
  };
}

/** The arguments in a task's input. */
export function argumentsOf(input: Uint8Array): unknown[] {
  const args = decodeValue(input);
  if (Array.isArray(args)) return args;
  throw new DsageError('setup', 'The input of a function task is the array of its arguments.');
}
