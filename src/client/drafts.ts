import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';

import { shipFunction } from '../code/functions.js';
import { parseJavascript } from '../code/javascript.js';
import type { ModuleFunctionProgram } from '../code/module-home.js';
import { functionHomeOf } from '../jobs/module-function.js';
import type { FunctionHome } from '../jobs/module-function.js';
import { DsageError, messageOf } from '../model/errors.js';
import { encodeValue } from '../wire/codec.js';
import { checkAfter } from './after.js';
import { checkFiles } from './files.js';
import { checkOptions } from './options.js';
import type { EvalOptions, FunctionOptions, MapOptions } from './options.js';
import { shipModule } from './ship-module.js';
import { summaryOf } from './submit.js';
import type { Draft, DraftModule } from './submit.js';

export type AnyFunction = (...args: never[]) => unknown;

const JAVASCRIPT = 'javascript';
const NOTHING = new Uint8Array(0);
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
  const { vars = {}, evaluator = JAVASCRIPT, files, after, ...rest } = options;
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
    after: checkAfter(after),
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
  const { scope = {}, files, after, ...rest } = options;
  const checked = checkOptions(rest, kind === 'map' ? ['scope', 'maxFailedTasks'] : ['scope']);
  for (const name of Object.keys(scope)) checkVariable(name);
  const home = functionHomeOf(fn);
  const common = {
    ...{ kind, evaluator: JAVASCRIPT, options: checked },
    ...{ files: checkFiles(files), after: checkAfter(after) },
  };
  if (home !== undefined) {
    refuseScope(home, Object.keys(scope));
    const module = moduleDraft(home);
    // The job hears of it when it is submitted, which it is in the same turn.
    module.catch(() => undefined);
    return { ...common, summary: summaryOf(home.name), program: NOTHING, module };
  }
  for (const [name, value] of Object.entries(scope)) refuseInScope(name, value);
  const shipped = shipFunction(fn, scope);
  return {
    ...common,
    summary: summaryOf(shipped.name === '(anonymous)' ? shipped.source : shipped.name),
    program: encodeValue({ type: 'function', ...shipped }),
  };
}

async function moduleDraft({ url, name }: FunctionHome): Promise<DraftModule> {
  const label = `The function ${name}`;
  const { bundle, ...found } = await shipModule({ url, name, label, orDefault: false });
  const program: ModuleFunctionProgram = { type: 'module-function', ...found };
  return { program: encodeValue(program), bundle };
}

/** What it uses comes with its module. */
function refuseScope({ name }: FunctionHome, names: readonly string[]): void {
  if (names.length === 0) return;
  throw new DsageError('invalid-argument', `The function ${name} of a module can have no scope.`, {
    hint: `Pass ${names.join(', ')} as arguments, or import them in that module.`,
  });
}

/** What a plain function finds on a worker has no module to be imported from. */
function refuseInScope(name: string, value: unknown): void {
  if (functionHomeOf(value) === undefined) return;
  throw new DsageError('not-shippable', `${name} in the scope is a function of a module.`, {
    hint: 'Call it from a function of that module, and send that one with moduleFunction.',
  });
}

function checkVariable(name: string): void {
  if (NAME.test(name)) return;
  throw new DsageError('invalid-argument', `${JSON.stringify(name)} cannot be the name of a variable.`, {
    hint: 'Use letters, digits, $ and _, and do not begin with a digit.',
  });
}
