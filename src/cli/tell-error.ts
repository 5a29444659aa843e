import { inspect } from 'node:util';

import { DsageError } from '../model/errors.js';
import type { Cli } from './cli.js';
import { linesOf } from './exit-codes.js';
import type { Io } from './io.js';

/** Tells on stderr what went wrong and what to do; with $DSAGE_DEBUG where, too. */
export function tellError({ stderr, env }: Io, error: unknown): void {
  stderr.write(`dsage: ${linesOf(error)}\n`);
  if ((env['DSAGE_DEBUG'] ?? '') === '' || !(error instanceof Error)) return;
  stderr.write(`${error.stack ?? ''}\n`);
  if (error.cause !== undefined) stderr.write(`cause: ${inspect(error.cause)}\n`);
}

/** What a program is told of an error, as part of a document. */
export function errorDocument(error: unknown): { readonly code: string; readonly message: string } {
  const [message = ''] = linesOf(error).split('\n');
  return { code: error instanceof DsageError ? error.code : 'internal', message };
}

/** Tells where more is to be seen of a job that failed; nothing of one that the server never accepted. */
export function tellWhereToLook(cli: Cli, job: number | undefined): void {
  if (job === undefined) return;
  const id = String(job);
  cli.note(`Look closer: dsage job ${id} --tasks shows its tasks, dsage logs ${id} what they wrote.`);
}
