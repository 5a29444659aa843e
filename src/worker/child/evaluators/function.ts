import { DsageError } from '../../../model/errors.js';
import type { JobId } from '../../../model/job.js';
import { decodeValue } from '../../../wire/codec.js';
import { PRELUDE } from '../prelude/prelude.js';
import type { CompiledProgram } from './evaluator.js';
import { checkNames, evaluate } from './script.js';

/** A function as its source, with what its free variables stand for. */
interface FunctionProgram {
  readonly type: 'function';
  readonly source: string;
  readonly name: string;
  readonly scope?: Readonly<Record<string, unknown>>;
}

interface Instance {
  readonly fn: (...args: unknown[]) => unknown;
  /** Sets the variables that differ from task to task. */
  readonly enter: (context: unknown, attempt: unknown, signal: unknown) => void;
}

/** Compiles `{ type: 'function', source, name, scope }`. A task's input is the array of the arguments. */
export function compileFunction(program: Uint8Array, job: JobId): CompiledProgram {
  const { source, name, scope = {} } = decodeValue(program) as FunctionProgram;
  const { fn, enter } = instantiate({ source, name, scope }, job);
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

function argumentsOf(input: Uint8Array): unknown[] {
  const args = decodeValue(input);
  if (Array.isArray(args)) return args;
  throw new DsageError('setup', 'The input of a function task is the array of its arguments.');
}

/**
 * Makes the function once for all tasks: its source stands on lines of its own, inside the scope that it
 * was shipped with. Values in that scope are shared by the tasks that this child runs.
 */
function instantiate(
  { source, name, scope }: { source: string; name: string; scope: Readonly<Record<string, unknown>> },
  job: JobId,
): Instance {
  const names = Object.keys(scope);
  checkNames(names);
  const taken = new Set(names);
  const ours = Object.keys(PRELUDE).filter((key) => !taken.has(key));
  const ownVariables = ['context', 'attempt', 'signal'].filter((key) => !taken.has(key));
  const values = names.filter((key) => sourceIn(scope[key]) === '');
  const functions = names.filter((key) => sourceIn(scope[key]) !== '');
  const parts = [
    // One line up to the function's own source, for the sake of line numbers.
    `(function (${[...ours, ...values].join(', ')}) { ` +
      (ownVariables.length > 0 ? `let ${ownVariables.join(', ')}; ` : '') +
      'const $made = (',
    source,
    `); ${isRecursiveName(name, taken) ? `var ${name} = $made;` : ''}`,
    ...functions.map((key) => `const ${key} = (${sourceIn(scope[key])}\n);`),
    'return { fn: $made, enter($c, $a, $s) { ' +
      ownVariables.map((key) => `${key} = $${key.charAt(0)};`).join(' ') +
      ' } }; })',
  ];
  const make = evaluate(parts.join('\n'), job) as (...given: unknown[]) => Instance;
  return make(...ours.map((key) => PRELUDE[key]), ...values.map((key) => scope[key]));
}

/** A function that calls itself by the name of its variable finds it, unless that name means something else. */
function isRecursiveName(name: string, taken: ReadonlySet<string>): boolean {
  const ours = new Set(['context', 'attempt', 'signal', ...Object.keys(PRELUDE)]);
  return /^[A-Za-z_$][\w$]*$/.test(name) && !taken.has(name) && !ours.has(name) && !RESERVED.has(name);
}

const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export ' +
    'extends false finally for function if implements import in instanceof interface let new null package ' +
    'private protected public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);

/** The source of a function in a scope; empty for a value. */
function sourceIn(value: unknown): string {
  const source: unknown = (value as { readonly $function?: unknown } | null | undefined)?.$function;
  return typeof source === 'string' ? source : '';
}
