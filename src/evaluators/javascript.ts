import { DsageError } from '../model/errors.js';
import type { JobId } from '../model/job.js';
import { decodeValue } from '../wire/codec.js';
import { compileCode } from './code.js';
import type { CompiledProgram, Evaluator } from './evaluator.js';
import { compileFunction } from './function.js';

/** Code strings and functions, run by the Node of the child itself. */
export const javascript: Evaluator = {
  compile(program: Uint8Array, job: JobId): CompiledProgram {
    const content = decodeValue(program) as { readonly type?: unknown } | null | undefined;
    switch (content?.type) {
      case 'eval':
        return compileCode(program, job);
      case 'function':
        return compileFunction(program, job);
      default:
        throw new DsageError(
          'setup',
          `This worker's dsage runs no JavaScript programs of type '${String(content?.type)}'.`,
          { hint: 'Bring the worker to the version of the client.' },
        );
    }
  },
};
