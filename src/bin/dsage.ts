#!/usr/bin/env node
import type { Io } from '../cli/io.js';
import { runCli } from '../cli/run.js';

const INTERRUPTED = 130;

const interruption = new AbortController();
let catches = false;
let listener: ((signal: 'SIGINT' | 'SIGTERM') => void) | undefined;

const io: Io = {
  args: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted: interruption.signal,
  catchInterrupt: () => {
    catches = true;
  },
  onInterrupt: (given) => {
    listener = given;
    return () => (listener = undefined);
  },
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (listener !== undefined) {
      listener(signal);
      return;
    }
    // A command that does not answer the first one ends at the second.
    if (!catches || interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  });
}

// `dsage jobs | head` closes the pipe early: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const exitCode = await runCli(io);
// A pipe takes its time, and what was written must arrive.
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
  ),
);
process.exit(exitCode);
