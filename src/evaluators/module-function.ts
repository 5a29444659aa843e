import type { ModuleFunctionProgram } from '../code/module-home.js';
import { DsageError } from '../model/errors.js';
import type { CompiledProgram, ProgramFacts } from './evaluator.js';
import { argumentsOf } from './function.js';
import { loadExport } from './modules.js';

/** Imports the function that a module exports. */
export async function compileModuleFunction(
  program: ModuleFunctionProgram,
  facts: ProgramFacts,
): Promise<CompiledProgram> {
  const fn = await loadExport(program, facts);
  if (typeof fn !== 'function') throw new DsageError('setup', `${program.export} is no function.`);
  return {
    run: (input) =>
      (fn as (...args: unknown[]) => unknown)(...(input === undefined ? [] : argumentsOf(input))),
  };
}
