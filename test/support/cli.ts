import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly directory: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** The command `dsage`, as it is installed. */
export const dsagePath = fileURLToPath(new URL('../../dist/command/dsage.js', import.meta.url));

/** Starts `dsage` as a process of its own, with no environment of the caller's that it would heed. */
export function spawnDsage(args: readonly string[], { directory, cwd, env = {} }: RunOptions): ChildProcess {
  const inherited = { ...process.env };
  for (const name of ['DSAGE_SERVER', 'DSAGE_DEBUG', 'NO_COLOR']) Reflect.deleteProperty(inherited, name);
  return spawn(process.execPath, [dsagePath, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...inherited, DSAGE_DIR: directory, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs `dsage` and waits for its end. */
export function runDsage(args: readonly string[], options: RunOptions): Promise<Ran> {
  const child = spawnDsage(args, options);
  child.stdin?.end(options.input ?? '');
  return finished(child);
}

/** What a process wrote, and how it ended. */
export function finished(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A command was refused as people want it: one message on stderr, no stack, and nothing on stdout. */
export function expectRefused(ran: Ran, code: number, message: RegExp): void {
  expect({ code: ran.code, stdout: ran.stdout }).to.deep.equal({ code, stdout: '' });
  expect(ran.stderr)
    .to.match(/^dsage: /)
    .and.match(message)
    .and.not.match(/^\s+at /m);
}
