import { DsageError } from '../model/errors.js';

/** Marks functions of modules for every copy of this package. */
const MARK = Symbol.for('dsage.moduleFunction');

/** Where a function is. */
export interface FunctionHome {
  /** Of its module: `import.meta.url`, or the name of an installed module. */
  readonly url: string;
  /** What the module exports it as. */
  readonly name: string;
}

type AnyFunction = (...args: never[]) => unknown;

/** A function that workers import from its module, and that a call here imports too. */
export type ModuleFunction<F extends AnyFunction> = (
  ...args: Parameters<F>
) => Promise<Awaited<ReturnType<F>>>;

/**
 * A function that an ES module exports, for `d.map`, `d.evalFunction` and the like: it travels with its module and
 * all that this imports, where a plain function travels alone. It may be of this module or of another one:
 *
 *     const heavy = moduleFunction<typeof import('./heavy.js').heavy>(new URL('./heavy.js', import.meta.url), 'heavy');
 *
 * Called here, it imports the module and calls the function. Throws `invalid-argument` for what is no URL and no name
 * of an installed module.
 */
export function moduleFunction<F extends AnyFunction = (...args: unknown[]) => unknown>(
  url: string | URL,
  name: string,
): ModuleFunction<F> {
  const home: FunctionHome = { url: String(url), name };
  if (home.url === '' || /^\.{0,2}\//.test(home.url)) {
    throw new DsageError('invalid-argument', `'${home.url}' does not say which module ${name} is in.`, {
      hint: "Pass import.meta.url, or new URL('./other.js', import.meta.url).",
    });
  }
  if (typeof name !== 'string' || name === '') {
    throw new DsageError('invalid-argument', `There is no name of a function of ${home.url}.`, {
      hint: "Pass what the module exports it as: moduleFunction(import.meta.url, 'name').",
    });
  }
  const call = async (...args: Parameters<F>): Promise<Awaited<ReturnType<F>>> => {
    const module = (await import(home.url)) as Record<string, unknown>;
    const fn = module[name];
    if (typeof fn === 'function') return (await (fn as F)(...args)) as Awaited<ReturnType<F>>;
    throw new DsageError('invalid-argument', `${home.url} exports no function ${name}.`, {
      hint: `It exports ${Object.keys(module).join(', ') || 'nothing'}.`,
    });
  };
  Object.defineProperty(call, 'name', { value: name });
  return Object.assign(call, { [MARK]: home });
}

/** Where a function that `moduleFunction` made is; undefined for any other value. */
export function functionHomeOf(value: unknown): FunctionHome | undefined {
  if (typeof value !== 'function') return undefined;
  return (value as { readonly [MARK]?: FunctionHome })[MARK];
}
