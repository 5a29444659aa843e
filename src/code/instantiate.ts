import type { ShippedFunction } from './functions.js';
import { PRELUDE } from './prelude/prelude.js';
import { checkNames, evaluate } from './script.js';

/** A function that was sent, made again. */
export interface Instance {
  readonly fn: (...args: unknown[]) => unknown;
  /** Sets the variables that differ from task to task. */
  readonly enter: (context: unknown, attempt: unknown, signal: unknown) => void;
}

/**
 * Makes the function once for all tasks: its source stands on lines of its own, inside the scope that it
 * was shipped with. Values in that scope are shared by the tasks that this child runs.
 */
export function instantiate({ source, name, scope }: ShippedFunction, file: string): Instance {
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
  const make = evaluate(parts.join('\n'), file) as (...given: unknown[]) => Instance;
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
export function sourceIn(value: unknown): string {
  const source: unknown = (value as { readonly $function?: unknown } | null | undefined)?.$function;
  return typeof source === 'string' ? source : '';
}
