import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { BuildOptions, Metafile } from 'esbuild';

import { DsageError } from '../../model/errors.js';
import { MAX_BUNDLE_BYTES } from '../../model/protocol.js';
import { dsagePlugin } from './dsage-plugin.js';
import { nativePlugin } from './native-plugin.js';
import { buildProblem } from './problems.js';
import { withSourceMap } from './source-map.js';

/** A module with all that it imports, as one ES module. The same sources give the same bytes. */
export interface Bundle {
  readonly bytes: Uint8Array;
  /** The names that the module exports. */
  readonly exports: readonly string[];
}

export interface BundleOptions {
  /** What it is for, at the start of messages: `The class Sieve`. */
  readonly label: string;
  readonly maxBytes?: number;
}

interface Cached {
  readonly bundle: Promise<Bundle>;
  /** Each file that is in it, with the state that it was read in; undefined while it is being made. */
  inputs: ReadonlyMap<string, string> | undefined;
}

interface Built extends Bundle {
  readonly inputs: readonly string[];
}

/** By the path of the module. */
const cache = new Map<string, Cached>();

const LARGEST_SHOWN = 5;

/**
 * Bundles the module at a `file:` URL. Made once for as long as none of its files changes.
 *
 * Throws `not-shippable`, with file, line and column, when an import leads nowhere or the syntax is wrong, and for
 * native addons; `limit-exceeded` when the bundle is too large.
 */
export async function bundleModule(url: string, options: BundleOptions): Promise<Bundle> {
  const entry = pathOf(url);
  if (stateOf(entry) === undefined) throw notAFile(entry, options.label);
  const known = cache.get(entry);
  if (known !== undefined && isCurrent(known)) return known.bundle;
  const startedAtMs = Date.now();
  const building = build(entry, options);
  const cached: Cached = { bundle: building, inputs: undefined };
  cache.set(entry, cached);
  try {
    const { inputs } = await building;
    cached.inputs = statesOf(inputs, startedAtMs);
  } catch (error) {
    cache.delete(entry);
    throw error;
  }
  return building;
}

/** Without what loaders such as tsx add to it. */
function pathOf(url: string): string {
  const { href, search, hash } = new URL(url);
  return fileURLToPath(href.slice(0, href.length - search.length - hash.length));
}

async function build(entry: string, { label, maxBytes = MAX_BUNDLE_BYTES }: BundleOptions): Promise<Built> {
  const folder = dirname(entry);
  // Most processes that use dsage never bundle anything.
  const esbuild = await import('esbuild');
  const { outputFiles, metafile } = await esbuild
    .build(settingsFor(entry, folder))
    .catch((thrown: unknown) => {
      throw buildProblem(thrown, { label, folder });
    });
  const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  const code = outputFiles.find(({ path }) => path.endsWith('.mjs'))?.text;
  const map = outputFiles.find(({ path }) => path.endsWith('.map'))?.text;
  if (output === undefined || code === undefined || map === undefined) {
    throw new DsageError('internal', `esbuild made no bundle of ${entry}.`);
  }
  const bytes = Buffer.from(withSourceMap(code, map, folder));
  if (bytes.length > maxBytes) throw tooLarge({ label, entry, bytes, maxBytes, output });
  const inputs = Object.keys(metafile.inputs)
    .map((path) => resolve(folder, path))
    .filter((path) => stateOf(path) !== undefined);
  return { bytes, exports: output.exports, inputs };
}

function settingsFor(entry: string, folder: string) {
  return {
    ...{ entryPoints: [entry], absWorkingDir: folder, outfile: resolve(folder, 'bundle.mjs') },
    ...{ bundle: true, write: false, metafile: true, logLevel: 'silent', charset: 'utf8' },
    ...{ platform: 'node', target: 'node20', format: 'esm' },
    ...{ keepNames: true, legalComments: 'none', sourcemap: 'external', sourcesContent: true },
    // What packages in the older form of modules expect to find.
    banner: {
      js:
        "import { createRequire as $createRequire } from 'node:module'; " +
        "import { fileURLToPath as $fileURLToPath } from 'node:url'; " +
        'const require = $createRequire(import.meta.url), $filename = $fileURLToPath(import.meta.url), ' +
        "$dirname = $fileURLToPath(new URL('.', import.meta.url));",
    },
    define: { __filename: '$filename', __dirname: '$dirname' },
    plugins: [dsagePlugin, nativePlugin],
  } as const satisfies BuildOptions;
}

function notAFile(entry: string, label: string): DsageError {
  return new DsageError('not-shippable', `${label} cannot be sent to a worker: there is no file ${entry}.`, {
    hint: 'Put it into a file: what is typed into a shell has none.',
  });
}

function isCurrent({ inputs }: Cached): boolean {
  if (inputs === undefined) return true;
  for (const [path, state] of inputs) if (stateOf(path) !== state) return false;
  return true;
}

/** A file that was changed while it was being read has no state that it is known in. */
function statesOf(paths: readonly string[], startedAtMs: number): ReadonlyMap<string, string> {
  return new Map(
    paths.map((path) => {
      const changedAtMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
      return [path, changedAtMs < startedAtMs ? (stateOf(path) ?? '') : ''];
    }),
  );
}

function stateOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.mtimeMs} ${found.size}`;
}

interface TooLarge {
  readonly label: string;
  readonly entry: string;
  readonly bytes: Uint8Array;
  readonly maxBytes: number;
  readonly output: Metafile['outputs'][string];
}

function tooLarge({ label, entry, bytes, maxBytes, output }: TooLarge): DsageError {
  const largest = Object.entries(output.inputs)
    .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
    .slice(0, LARGEST_SHOWN)
    .map(([path, { bytesInOutput }]) => `${path} (${shown(bytesInOutput)})`);
  return new DsageError(
    'limit-exceeded',
    `${label}: the bundle of ${entry} has ${shown(bytes.length)} bytes; the limit is ${shown(maxBytes)}. ` +
      `Most of ${basename(entry)} are ${largest.join(', ')}.`,
    { hint: 'Send data in the parameters, the tasks or { files } instead of importing it.' },
  );
}

function shown(bytes: number): string {
  return bytes.toLocaleString('en-US');
}
