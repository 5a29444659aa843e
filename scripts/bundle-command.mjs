// Bundles the command `dsage`: dist/bin/dsage.js and what it imports to dist/command/, run by build.mjs.
//
// A command is typed, and waits for its modules: hundreds of small files take longer to find than to run. What each command
// loads stays apart, and what names a file by import.meta.url still means the file that it stands in.

import { readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

import * as esbuild from 'esbuild';

import { isMain, root, runMain } from './support.mjs';

const dist = join(root, 'dist');
const outdir = join(dist, 'command');

async function bundleCommand() {
  rmSync(outdir, { recursive: true, force: true });
  await esbuild.build({
    entryPoints: [join(dist, 'bin', 'dsage.js')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    // Names of classes are names of jobs and errors.
    keepNames: true,
    packages: 'external',
    banner: { js: 'const $bundleUrl = import.meta.url;' },
    define: { 'import.meta.url': '$moduleUrl' },
    plugins: [ownUrls],
    logLevel: 'warning',
  });
}

/** @type {import('esbuild').Plugin} */
const ownUrls = {
  name: 'own-urls',
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      if (!contents.includes('import.meta.url')) return undefined;
      const place = relative(outdir, path).split(sep).join('/');
      // On the first line: the others keep their numbers for the source map.
      const ownUrl = `const $moduleUrl = new URL(${JSON.stringify(place)}, $bundleUrl).href;`;
      return { contents: ownUrl + contents, loader: 'js', resolveDir: dirname(path) };
    });
  },
};

if (isMain(import.meta.url)) await runMain(bundleCommand);
