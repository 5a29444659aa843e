import { DsageError } from '../model/errors.js';
import { decodeValue } from '../wire/codec.js';
import type { ClassProgram, ModuleFunctionProgram } from '../code/module-home.js';
import { compileCode } from './code.js';
import type { Evaluator } from './evaluator.js';
import { compileFunction } from './function.js';

/** Code strings, functions and job classes, run by the Node of the child itself. */
export const javascript: Evaluator = {
  compile(program, facts) {
    const content = decodeValue(program) as { readonly type?: unknown } | null | undefined;
    switch (content?.type) {
      case 'eval':
        return compileCode(program, facts.job);
      case 'function':
        return compileFunction(program, facts.job);
      case 'class':
        // Loaded by the children that need it: a child that starts has somebody waiting.
        return import('./class.js').then(({ compileClass }) => compileClass(content as ClassProgram, facts));
      case 'module-function':
        return import('./module-function.js').then(({ compileModuleFunction }) =>
          compileModuleFunction(content as ModuleFunctionProgram, facts),
        );
      default:
        throw new DsageError(
          'setup',
          `This worker's dsage runs no JavaScript programs of type '${String(content?.type)}'.`,
          { hint: 'Bring the worker to the version of the client.' },
        );
    }
  },
};
