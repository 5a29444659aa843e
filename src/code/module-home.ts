/**
 * Where workers find a module: in the bundle that came with the job, in their own dsage, or in a package that is
 * installed on them.
 */
export type ModuleHome =
  | { readonly kind: 'bundle' }
  /** A file of dsage's, below its compiled folder. */
  | { readonly kind: 'dsage'; readonly path: string; readonly version: string }
  | { readonly kind: 'package'; readonly specifier: string; readonly version: string };

/** An export of a module, as it travels in programs. */
export interface ModuleExport {
  readonly home: ModuleHome;
  /** The name that it is exported under. */
  readonly export: string;
}

/** `{ type: 'class', … }`: a task's input is `[task, clock, origin]`, of which the class gets the first. */
export interface ClassProgram extends ModuleExport {
  readonly type: 'class';
  readonly name: string;
  readonly parameters: unknown;
}

/** `{ type: 'module-function', … }`: a task's input is the array of its arguments. */
export interface ModuleFunctionProgram extends ModuleExport {
  readonly type: 'module-function';
}
