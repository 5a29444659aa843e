import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import packed from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

import { root } from './paths.js';

const require = createRequire(import.meta.url);
const cache = join(root, '.cache');

/** Without network, quietly, and with the page in a process of its own, as people's browsers have it. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
];
/** Debian's names of what the browser needs; what is not here comes with glibc. */
const APT_PACKAGES: Readonly<Record<string, string>> = {
  'libnss3.so': 'libnss3',
  'libnssutil3.so': 'libnss3',
  'libsmime3.so': 'libnss3',
  'libnspr4.so': 'libnspr4',
  'libplc4.so': 'libnspr4',
  'libplds4.so': 'libnspr4',
  'libexpat.so.1': 'libexpat1',
  'libgcc_s.so.1': 'libgcc-s1',
};

/** Starts the Chromium that comes inside the npm package. Throws an error that says what to install when it cannot start. */
export async function launchBrowser(): Promise<Browser> {
  const folder = await unpacked();
  const executablePath = join(folder, 'chromium');
  const env = environment(folder);
  const missing = missingLibraries(executablePath, env);
  if (missing.length > 0) throw new Error(whatToInstall(missing));
  return chromium.launch({ executablePath, args: FLAGS, env });
}

/**
 * The folder with the browser, its fonts and the libraries that come with it, unpacked once for a version. The package
 * would unpack into the temporary folder, where a second suite takes a file for complete that is still being written: it
 * gets a folder of its own, which takes its name when it is complete.
 */
async function unpacked(): Promise<string> {
  const folder = join(cache, `chromium-${versionOf('@sparticuz/chromium')}`);
  if (existsSync(folder)) return folder;
  const own = `${folder}.${String(process.pid)}`;
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  // The package reads both before its first wait; the second makes it unpack the libraries too.
  const set = { TMPDIR: own, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };
  const before = Object.keys(set).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, set);
  const unpacking = packed.executablePath();
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  await unpacking;
  try {
    renameSync(own, folder);
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function versionOf(name: string): string {
  const entry = require.resolve(name);
  const manifest = join(entry.slice(0, entry.lastIndexOf(name)), name, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** With the libraries and fonts of the package: a fresh machine has neither. */
function environment(folder: string): Record<string, string> {
  const fonts = join(folder, 'fonts.conf');
  if (!existsSync(fonts)) writeFileSync(fonts, fontsConfig(folder));
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const libraries = [process.env['LD_LIBRARY_PATH'], join(folder, 'al2023', 'lib')];
  return {
    ...Object.fromEntries(inherited),
    FONTCONFIG_FILE: fonts,
    LD_LIBRARY_PATH: libraries.filter((path) => path !== undefined && path !== '').join(':'),
  };
}

function fontsConfig(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`;
}

function missingLibraries(executable: string, env: NodeJS.ProcessEnv): string[] {
  const { stdout, error } = spawnSync('ldd', [executable], { env, encoding: 'utf8' });
  // Where there is no ldd, the start itself tells.
  if (error !== undefined) return [];
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map(([, name = '']) => name);
}

function whatToInstall(missing: readonly string[]): string {
  const packages = new Set(missing.map((name) => APT_PACKAGES[name] ?? `(what has ${name})`));
  return `Chromium cannot start: this machine lacks ${missing.join(', ')}. On Debian and Ubuntu: apt-get install ${[...packages].join(' ')}`;
}
