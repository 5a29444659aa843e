// npm run coverage: the tests under c8, with a summary as text; its arguments are those of npm test.
// Child processes (servers, workers, their children) are counted too.

import { join } from 'node:path';

import { bootstrap } from './bootstrap.mjs';
import { isMain, run, runMain } from './support.mjs';

/** @param {string[]} args */
async function main(args) {
  await bootstrap();
  const options = [
    // dist/ is what runs; the source maps lead back to src/.
    ...[
      '--include',
      'dist/**',
      '--include',
      'src/**',
      '--exclude',
      '**/wire/gen/**',
      '--exclude-after-remap',
    ],
    ...['--reporter', 'text', '--reporter', 'lcovonly', '--reports-dir', 'coverage'],
    ...['--temp-directory', join('.cache', 'coverage')],
  ];
  return run('c8', [...options, process.execPath, join('scripts', 'test.mjs'), ...args]).ok;
}

if (isMain(import.meta.url)) await runMain(() => main(process.argv.slice(2)));
