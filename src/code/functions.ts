import { analyze } from 'eslint-scope';
import type { Expression, Node, Program } from 'estree';

import { DsageError, messageOf } from '../model/errors.js';
import { WORKER_GLOBALS } from './globals.js';
import { functionOfMethod, isDetachedMethod } from './methods.js';
import { parseModule } from './parse-module.js';
import { usesOf } from './uses.js';
import type { Uses } from './uses.js';

/** A function as it travels: an expression that makes it again on a worker, once `scope` is in scope. */
export interface ShippedFunction {
  readonly name: string;
  /** A JavaScript expression; in parentheses it is one even where a statement could stand. */
  readonly source: string;
  /** The names that the function uses from outside: values as they are, functions as their source. */
  readonly scope: Readonly<Record<string, unknown>>;
}

/** How a function inside `scope` travels. */
interface ShippedScopeFunction {
  readonly $function: string;
}

type AnyFunction = (...args: never[]) => unknown;

interface FreeVariable {
  readonly name: string;
  readonly line: number;
  readonly assigned: boolean;
}

/**
 * Turns a function into source that a worker can run. The variables that it uses from outside are found
 * and must be in `scope`; so must those of the functions in `scope`. A call of `eval` hides what it uses.
 *
 * Throws `not-shippable`, naming the variable with its line in the function, when one is missing, and
 * with advice of its own for native, bound, generator and method-shorthand functions and for classes. A method
 * that was detached (see methods.ts) travels as a function.
 */
export function shipFunction(fn: unknown, scope: Readonly<Record<string, unknown>> = {}): ShippedFunction {
  const name = nameOf(fn);
  const names = new Set(Object.keys(scope));
  // A function that calls itself by the name of its variable finds itself again on the worker. The name of a
  // method is no variable.
  const isMethod = typeof fn === 'function' && isDetachedMethod(fn);
  const own = isMethod ? names : new Set([...names, name]);
  const source = sourceOf(fn, { label: `the function ${name}`, names: own });
  const shipped = Object.entries(scope).map(([key, value]): [string, unknown] => {
    if (typeof value !== 'function') return [key, value];
    const label = `the function ${key} in the scope of ${name}`;
    return [key, { $function: sourceOf(value, { label, names }) } satisfies ShippedScopeFunction];
  });
  return { name, source, scope: Object.fromEntries(shipped) };
}

function sourceOf(fn: unknown, { label, names }: { label: string; names: ReadonlySet<string> }): string {
  if (typeof fn !== 'function') {
    throw new DsageError('invalid-argument', `A function is asked for, and ${describe(fn)} was given.`);
  }
  const written = Function.prototype.toString.call(fn);
  refuseWithoutSource(fn as AnyFunction, written, label);
  const text = isDetachedMethod(fn) ? detached(written, label) : written;
  const program = parseExpression(text, label);
  const uses = refuseForms(program, label);
  const missing = freeVariables(program, uses.typeofOperands).filter(
    ({ name }) => !names.has(name) && !WORKER_GLOBALS.has(name),
  );
  if (missing.length > 0) throw missingVariables(missing, label);
  return text;
}

function refuseWithoutSource(fn: AnyFunction, text: string, label: string): void {
  if (!/\{\s*\[native code\]\s*\}\s*$/.test(text)) return;
  if (fn.name.startsWith('bound ')) {
    throw refusal(`${label} is bound, and JavaScript hides what it is bound to.`, {
      hint: 'Pass what it is bound to as arguments, or write (x) => f(bound, x) with f and bound in scope.',
    });
  }
  throw refusal(`${label} is native and has no source.`, {
    hint: `Wrap it: (x) => ${fn.name === '' ? 'f' : fn.name}(x).`,
  });
}

/** The source of a decorated method as a function; a compiler may have made a function of it already. */
function detached(text: string, label: string): string {
  const method = functionOfMethod(text);
  if (method === undefined) return text;
  const line = usesOf(method.tree).super;
  if (line === undefined) return method.source;
  throw refusal(`${label} uses super (line ${line}), which has no meaning on a worker.`, {
    hint: 'Pass the function that it calls in { scope }.',
  });
}

function parseExpression(text: string, label: string): Program {
  try {
    return parseModule(`(${text})`);
  } catch (error) {
    if (parses(`({${text}})`) || parses(`(class{${text}})`)) {
      throw refusal(
        `${label} is written as a method, and on a worker there is no object that it belongs to.`,
        {
          hint: 'Write it as an arrow function, such as name: (x) => …, or wrap it: (x) => object.name(x) with { scope: { object } }.',
        },
      );
    }
    throw refusal(`${label} has a source that cannot be read: ${messageOf(error)}.`, {
      hint: 'Pass it as a string of code to d.eval instead.',
      cause: error,
    });
  }
}

function parses(text: string): boolean {
  try {
    parseModule(text);
    return true;
  } catch {
    return false;
  }
}

function refuseForms(program: Program, label: string): Uses {
  const expression = expressionOf(program);
  if (expression.type === 'ClassExpression') {
    throw refusal(`${label} is a class, which cannot be called.`, {
      hint: 'Pass a function that makes an instance and returns plain data.',
    });
  }
  if (expression.type === 'FunctionExpression' && expression.generator === true) {
    throw refusal(`${label} is a generator, and a generator cannot travel back.`, {
      hint: 'Return an array instead: () => [...generate()].',
    });
  }
  const uses = usesOf(expression);
  if (uses.this !== undefined) {
    throw refusal(`${label} uses this (line ${uses.this}), which has no meaning on a worker.`, {
      hint: 'Pass what it needs as an argument or in { scope }.',
    });
  }
  if (uses.importMeta !== undefined) {
    throw refusal(`${label} uses import.meta (line ${uses.importMeta}), which has no meaning on a worker.`, {
      hint: 'Pass the URL or path that it needs as an argument.',
    });
  }
  return uses;
}

function expressionOf(program: Program): Expression {
  const statement = program.body[0];
  if (statement?.type === 'ExpressionStatement') return statement.expression;
  throw new DsageError('internal', 'A function in parentheses was parsed as something else.');
}

function freeVariables(program: Program, guarded: ReadonlySet<Node>): FreeVariable[] {
  const manager = analyze(program, { ecmaVersion: 2024, sourceType: 'module' });
  const found = new Map<string, FreeVariable>();
  for (const reference of manager.globalScope?.through ?? []) {
    const { name, loc } = reference.identifier as { name: string; loc?: { start: { line: number } } };
    // `typeof x` asks whether there is an x: it works without one.
    if (guarded.has(reference.identifier as unknown as Node)) continue;
    const before = found.get(name);
    found.set(name, {
      name,
      line: before?.line ?? loc?.start.line ?? 1,
      assigned: (before?.assigned ?? false) || reference.isWrite(),
    });
  }
  return [...found.values()];
}

function missingVariables(missing: readonly FreeVariable[], label: string): DsageError {
  const list = missing
    .map(({ name, line, assigned }) => `${name} (line ${line}${assigned ? ', assigned there' : ''})`)
    .join(', ');
  const names = missing.map(({ name }) => name).join(', ');
  const which =
    missing.length === 1 ? 'which exists only in this process' : 'which exist only in this process';
  const assigned = missing.find((variable) => variable.assigned);
  const note =
    assigned === undefined
      ? ''
      : ` An assignment to ${assigned.name} on a worker is not seen here: return the value.`;
  return refusal(`${label} uses ${list}, ${which}.`, {
    hint: `Pass it as an argument, name it with { scope: { ${names} } }, or import it inside the function with await import('…').${note}`,
  });
}

function refusal(message: string, options: { hint: string; cause?: unknown }): DsageError {
  return new DsageError('not-shippable', `This cannot be sent to a worker: ${message}`, options);
}

function nameOf(fn: unknown): string {
  return typeof fn === 'function' && fn.name !== '' ? fn.name : '(anonymous)';
}

function describe(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
