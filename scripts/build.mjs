// Builds dist/ from src/: removes what no source stands behind any more, compiles TypeScript and AssemblyScript,
// copies the assets.

import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

import { changedAt, filesBelow, isMain, root, run, runMain, ScriptError } from './support.mjs';

const src = join(root, 'src');
const dist = join(root, 'dist');
const buildInfo = join(root, '.cache', 'build.tsbuildinfo');

/** Written last, so that its time says when the whole of dist/ was last up to date. */
export const stampPath = join(dist, '.built');

/** Where the monitor's page and the command are built to; their own builds clean them. */
const pageFolder = join(dist, 'web');
const commandFolder = join(dist, 'command');

/** No garbage collector and no checks: kernels lay out their memory themselves. */
export const assemblyOptions = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--use',
  'abort=',
];

export function build() {
  // Taken before anything is read: a file saved during the build counts as newer than it.
  const startedAt = new Date();
  const sources = filesBelow(src);
  removeStale(sources);
  compile(sources);
  assemble(sources);
  copyAssets(sources);
  buildPage();
  bundleCommand();
  markExecutable();
  writeFileSync(stampPath, `${startedAt.toISOString()}\n`);
}

/** When the newest source of the build was changed, in milliseconds. */
export function sourcesChangedAt() {
  const sources = [...filesBelow(src), ...filesBelow(join(root, 'web'))];
  // A removed file changes only its folder.
  const folders = new Set(sources.map((path) => dirname(path)));
  const scripts = ['build.mjs', 'bundle-command.mjs'].map((name) => join('scripts', name));
  const settings = ['tsconfig.json', 'package.json', ...scripts].map((name) => join(root, name));
  return Math.max(...[...sources, ...folders, ...settings].map(changedAt));
}

/** When the build that dist/ holds began, in milliseconds; 0 when it holds none. */
export function builtAt() {
  return existsSync(stampPath) ? Date.parse(readFileSync(stampPath, 'utf8').trim()) : 0;
}

/** @param {string[]} sources */
function removeStale(sources) {
  const wanted = new Set(sources.flatMap(outputsOf));
  for (const path of filesBelow(dist)) {
    const isOthers = [pageFolder, commandFolder].some((folder) => path.startsWith(folder + sep));
    if (!wanted.has(path) && !isOthers) rmSync(path);
  }
}

/** @param {string[]} sources */
function compile(sources) {
  if (!sources.some(isModule)) {
    mkdirSync(dist, { recursive: true });
    return;
  }
  // The compiler trusts its cache and would not write a file again that was deleted from dist/.
  if (!sources.flatMap(outputsOf).every((path) => existsSync(path))) rmSync(buildInfo, { force: true });
  if (!run('tsc', ['--project', 'tsconfig.json']).ok) {
    throw new ScriptError('build: the sources do not compile (see above)');
  }
}

/**
 * Each AssemblyScript file that stands directly in a folder `assembly` is a module of WebAssembly, beside that folder;
 * what is deeper is imported by these.
 *
 * @param {string[]} sources
 */
function assemble(sources) {
  const newest = Math.max(0, ...[...sources.filter(isAssembly), import.meta.filename].map(changedAt));
  for (const path of sources.filter(isAssemblyEntry)) {
    const [target = ''] = outputsOf(path);
    if (existsSync(target) && changedAt(target) > newest) continue;
    mkdirSync(dirname(target), { recursive: true });
    const { ok, output } = run('asc', [relative(root, path), ...assemblyOptions, '--outFile', target], {
      quiet: true,
    });
    if (!ok) throw new ScriptError(`build: ${relative(root, path)} does not compile:\n${output}`);
  }
}

/** @param {string[]} sources */
function copyAssets(sources) {
  for (const path of sources.filter(isAsset)) {
    const target = join(dist, relative(src, path));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
  }
}

function buildPage() {
  if (!existsSync(join(root, 'web', 'index.html'))) return;
  const { ok, output } = run('vite', ['build', 'web', '--outDir', pageFolder, '--emptyOutDir'], {
    quiet: true,
  });
  if (!ok) throw new ScriptError(`build: the monitor's page does not build:\n${output}`);
}

function bundleCommand() {
  const { ok, output } = run('node', [join('scripts', 'bundle-command.mjs')], { quiet: true });
  if (!ok) throw new ScriptError(`build: the command cannot be bundled:\n${output}`);
}

function markExecutable() {
  const manifest = readFileSync(join(root, 'package.json'), 'utf8');
  const { bin } = /** @type {{ bin: Record<string, string> }} */ (JSON.parse(manifest));
  for (const path of Object.values(bin).map((name) => join(root, name))) {
    if (existsSync(path)) chmodSync(path, 0o755);
  }
}

/**
 * The files in dist/ that come of one file in src/.
 *
 * @param {string} source
 */
function outputsOf(source) {
  if (isDeclaration(source)) return [];
  const path = join(dist, relative(src, source));
  if (isAssemblyEntry(source)) return [join(dirname(path), '..', `${basename(path, '.ts')}.wasm`)];
  if (isAssembly(source)) return [];
  if (!isModule(source)) return [path];
  const stem = path.slice(0, -'.ts'.length);
  return ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((suffix) => stem + suffix);
}

/** @param {string} path */
function isModule(path) {
  return path.endsWith('.ts') && !isDeclaration(path) && !isAssembly(path);
}

/** @param {string} path */
function isAsset(path) {
  return !isModule(path) && !isDeclaration(path) && !isAssembly(path);
}

/** @param {string} path */
function isAssembly(path) {
  return relative(src, path).split(sep).includes('assembly');
}

/** @param {string} path */
function isAssemblyEntry(path) {
  return basename(dirname(path)) === 'assembly' && path.endsWith('.ts') && !isDeclaration(path);
}

/** @param {string} path */
function isDeclaration(path) {
  return path.endsWith('.d.ts');
}

if (isMain(import.meta.url)) await runMain(build);
