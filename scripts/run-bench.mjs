// npm run bench: measures dsage beside its peers and prints tables.
//
//   npm run bench                             everything that issue 2 sets a bar for
//   npm run bench -- throughput latency       some benchmarks
//   npm run bench -- --help                   what there is
//
// The benchmarks are compiled into .cache/bench and run by plain Node, without a loader: the functions that they
// send and the stacks that they make are those of a user's own program.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import ts from 'typescript';

import { bootstrap } from './bootstrap.mjs';
import { filesBelow, isMain, root, runMain } from './support.mjs';

const source = join(root, 'bench');
const target = join(root, '.cache', 'bench');

/** @param {string[]} args */
async function main(args) {
  await bootstrap();
  compile();
  const code = await runNode([join(target, 'main.js'), ...args]);
  if (code !== 0) process.exitCode = code;
}

/** Types are checked by `npm run check`; this only takes them away. */
function compile() {
  rmSync(target, { recursive: true, force: true });
  for (const path of filesBelow(source).filter((name) => name.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      fileName: path,
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    const file = join(target, relative(source, path).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, outputText);
  }
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
function runNode(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  // Ctrl-C reaches the benchmark too, which ends what it has started; this only waits for it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

if (isMain(import.meta.url)) await runMain(() => main(process.argv.slice(2)));
