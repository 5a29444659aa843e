import { constants, Script } from 'node:vm';

import { DsageError } from '../model/errors.js';
import type { JobId } from '../model/job.js';

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*$/u;

/** The file that stacks name for the code of a job. */
export function fileNameOf(job: JobId): string {
  return `job-${job}.js`;
}

/**
 * The value of an expression whose first line is ours: lines are counted from the second one, which is
 * the first that the user wrote. `import()` in it finds Node's own and installed modules.
 */
export function evaluate(source: string, filename: string): unknown {
  const script = new Script(source, {
    filename,
    lineOffset: -1,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext();
}

/** Throws `setup` when one of the names cannot be declared. */
export function checkNames(names: readonly string[]): void {
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong === undefined) return;
  throw new DsageError('setup', `'${wrong}' cannot be the name of a variable.`);
}
