import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';

import { shipFunction } from '../code/functions.js';
import { parseJavascript } from '../code/javascript.js';
import { DsageError, messageOf } from '../model/errors.js';
import { encodeValue } from '../wire/codec.js';
import { checkFiles } from './files.js';
import { checkOptions } from './options.js';
import type { EvalOptions, FunctionOptions, MapOptions } from './options.js';
import { summaryOf } from './submit.js';
import type { Draft } from './submit.js';

export type AnyFunction = (...args: never[]) => unknown;

const JAVASCRIPT = 'javascript';
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const EVALUATORS: ReadonlyMap<string, string> = new Map([
  ['.py', 'python'],
  ['.sage', 'sage'],
  ['.gp', 'gp'],
]);

/**
 * Checks a code string with its options. Throws `invalid-argument` for empty code, `syntax-error` with line and
 * column, and `not-shippable` with the path to a variable that cannot travel.
 */
export function evalDraft(code: string, options: EvalOptions): Draft {
  const { vars = {}, evaluator = JAVASCRIPT, files, ...rest } = options;
  if (typeof code !== 'string' || code.trim() === '') {
    throw new DsageError('invalid-argument', 'There is no code to evaluate.', {
      hint: "Pass a string of code, such as d('2+2').",
    });
  }
  if (typeof evaluator !== 'string' || evaluator === '') {
    throw new DsageError('invalid-argument', 'The evaluator has no name.', {
      hint: "Leave it out for JavaScript, or name one that the workers have, such as 'python'.",
    });
  }
  const checked = checkOptions(rest, ['vars', 'evaluator']);
  for (const name of Object.keys(vars)) checkVariable(name);
  if (evaluator === JAVASCRIPT) parseJavascript(code);
  return {
    ...{ kind: 'eval', evaluator, options: checked },
    summary: summaryOf(code),
    program: encodeValue({ type: 'eval', code, vars }),
    files: checkFiles(files),
  };
}

/** The code in a file; its ending says which evaluator it is for, unless the options do. */
export function fileDraft(path: string, options: EvalOptions): Draft {
  let code: string;
  try {
    code = readFileSync(path, 'utf8');
  } catch (error) {
    throw new DsageError('invalid-argument', `The file ${path} cannot be read: ${messageOf(error)}.`, {
      hint: 'Give the path of a file with code on this machine.',
      cause: error,
    });
  }
  const evaluator = EVALUATORS.get(extname(path).toLowerCase()) ?? JAVASCRIPT;
  return evalDraft(code, { name: basename(path), evaluator, ...options });
}

/** A function that is called once with arguments, or once per input of a map. */
export function functionDraft(
  kind: 'function' | 'map',
  fn: AnyFunction,
  options: FunctionOptions | MapOptions,
): Draft {
  const { scope = {}, files, ...rest } = options;
  const checked = checkOptions(rest, kind === 'map' ? ['scope', 'maxFailedTasks'] : ['scope']);
  for (const name of Object.keys(scope)) checkVariable(name);
  const shipped = shipFunction(fn, scope);
  return {
    ...{ kind, evaluator: JAVASCRIPT, options: checked },
    summary: summaryOf(shipped.name === '(anonymous)' ? shipped.source : shipped.name),
    program: encodeValue({ type: 'function', ...shipped }),
    files: checkFiles(files),
  };
}

function checkVariable(name: string): void {
  if (NAME.test(name)) return;
  throw new DsageError('invalid-argument', `${JSON.stringify(name)} cannot be the name of a variable.`, {
    hint: 'Use letters, digits, $ and _, and do not begin with a digit.',
  });
}
