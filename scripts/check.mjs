// npm run check: everything that is checked besides the tests. It runs all of it even when something fails,
// shows the output of what failed, and ends with one line for each check.

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { bootstrap } from './bootstrap.mjs';
import { generate } from './generate.mjs';
import { isMain, root, run, runMain, ScriptError } from './support.mjs';

const packFolder = join(root, '.cache', 'pack');

/** @typedef {{ ok: boolean, output: string }} Outcome */

/** @type {[name: string, check: () => Outcome][]} */
const checks = [
  ['generated code', checkGenerated],
  ['format', () => program('prettier', ['--check', '--log-level', 'warn', '.'])],
  ['format of proto', () => program('buf', ['format', '--diff', '--exit-code'])],
  ['types of src', () => program('tsc', ['--noEmit', '--incremental', 'false'])],
  ['types of tests', () => program('tsc', ['--project', 'tsconfig.test.json'])],
  ['types of the page', () => program('tsc', ['--project', 'web/tsconfig.json'])],
  [
    'lint',
    () => program('eslint', ['--cache', '--cache-location', '.cache/eslint/', '--max-warnings', '0', '.']),
  ],
  ['import rules', () => program('depcruise', ['src', '--config'])],
  ['dead code', () => program('knip', ['--no-progress'])],
  ['package', checkPackage],
];

/** @returns {Promise<boolean>} */
async function main() {
  await bootstrap();
  const lines = checks.map(([name, check]) => {
    const startedAtMs = Date.now();
    const { ok, output } = check();
    if (!ok) console.log(`\n${name}\n\n${output.trim()}\n`);
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    return { ok, line: `${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)` };
  });
  console.log(lines.map(({ line }) => line).join('\n'));
  return lines.every(({ ok }) => ok);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Outcome}
 */
function program(command, args) {
  const { ok, output } = run(command, args, { quiet: true });
  return { ok, output };
}

/** @returns {Outcome} */
function checkGenerated() {
  try {
    generate({ check: true });
    return { ok: true, output: '' };
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    return { ok: false, output: error.message };
  }
}

/**
 * Looks at the tarball that npm would publish, not at the folder that it is made of.
 *
 * @returns {Outcome}
 */
function checkPackage() {
  rmSync(packFolder, { recursive: true, force: true });
  mkdirSync(packFolder, { recursive: true });
  // Its own scripts would bootstrap again.
  const packed = program('npm', ['pack', '--ignore-scripts', '--pack-destination', packFolder]);
  if (!packed.ok) return packed;
  const tarball = join(packFolder, readdirSync(packFolder)[0] ?? '');
  const published = program('publint', ['run', tarball, '--strict']);
  // The package is ESM only: `require` of it works from Node 20.19 on.
  const typed = program('attw', [tarball, '--profile', 'esm-only']);
  return {
    ok: published.ok && typed.ok,
    output: [published, typed].map(({ ok, output }) => (ok ? '' : output)).join('\n'),
  };
}

if (isMain(import.meta.url)) await runMain(main);
