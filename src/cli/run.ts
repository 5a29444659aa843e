import { inspect } from 'node:util';

import { CommanderError } from 'commander';

import { EXIT, exitCodeOf, linesOf } from './exit-codes.js';
import type { Io } from './io.js';
import { buildProgram } from './program.js';

/** Runs one command line. Returns the exit code; what goes wrong has been told on stderr by then. */
export async function runCli(io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(io, (code) => (exitCode = code));
  try {
    await program.parseAsync(io.args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has told already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    io.stderr.write(`dsage: ${linesOf(error)}\n`);
    if ((io.env['DSAGE_DEBUG'] ?? '') !== '' && error instanceof Error) {
      io.stderr.write(`${error.stack ?? ''}\n`);
      if (error.cause !== undefined) io.stderr.write(`cause: ${inspect(error.cause)}\n`);
    }
    return exitCodeOf(error);
  }
}
