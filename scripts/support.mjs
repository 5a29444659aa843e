// What the scripts share. Plain Node and no packages: the bootstrap runs before anything is installed.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A failure that its message explains; the scripts print it without a stack. */
export class ScriptError extends Error {}

/**
 * Runs a program in the root, with the installed packages' programs on the path.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean }} [options] `quiet` keeps the output, to be shown on failure only
 * @returns {{ ok: boolean, stdout: string, output: string }}
 */
export function run(command, args, { env = {}, quiet = false } = {}) {
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, PATH: path, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  if (result.error !== undefined) {
    throw new ScriptError(`${command} could not be started: ${result.error.message}`);
  }
  if (!quiet) return { ok: result.status === 0, stdout: '', output: '' };
  return { ok: result.status === 0, stdout: result.stdout, output: result.stdout + result.stderr };
}

/**
 * Every file below a folder, as paths that start with the folder; none when it does not exist.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules') return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/**
 * When a file was last changed, in milliseconds; 0 when it does not exist.
 *
 * @param {string} path
 */
export function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * Runs a script's main function and turns what goes wrong into a message and exit code 1.
 *
 * @param {() => void | boolean | Promise<void | boolean>} main returning false means failure
 */
export async function runMain(main) {
  try {
    if ((await main()) === false) process.exitCode = 1;
  } catch (error) {
    console.error(error instanceof ScriptError ? error.message : error);
    process.exitCode = 1;
  }
}

/**
 * Whether this module is the program that Node was started with.
 *
 * @param {string} moduleUrl
 */
export function isMain(moduleUrl) {
  // The module's URL has its symbolic links resolved, the argument has not.
  return process.argv[1] !== undefined && fileURLToPath(moduleUrl) === realpathSync(process.argv[1]);
}
