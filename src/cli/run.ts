import { CommanderError } from 'commander';

import { EXIT, exitCodeOf } from './exit-codes.js';
import type { Io } from './io.js';
import { buildProgram } from './program.js';
import { tellError } from './tell-error.js';

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
    tellError(io, error);
    return exitCodeOf(error);
  }
}
