// npm run lock: adds to package-lock.json the optional packages for other platforms that the registry in use
// does not carry, as some mirrors do. Without them `npm ci` refuses the file, and a machine of such a platform
// would not install them. They get no checksum, because there is nothing here to take it of.

import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isMain, root, runMain } from './support.mjs';

const lockPath = join(root, 'package-lock.json');

const operatingSystems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];

/** By how a platform's package calls it; the longer names first. */
const processors = new Map([
  ['riscv64', 'riscv64'],
  ['ppc64', 'ppc64'],
  ['s390x', 's390x'],
  ['arm64', 'arm64'],
  ['armv7', 'arm'],
  ['arm', 'arm'],
  ['ia32', 'ia32'],
  ['x64', 'x64'],
]);

/**
 * @typedef {{ version?: string, dev?: true, optional?: true, os?: string[], cpu?: string[],
 *   optionalDependencies?: Record<string, string> }} Entry
 */

function main() {
  /** @type {{ packages: Record<string, Entry> }} */
  const lock = JSON.parse(readFileSync(lockPath, 'utf8'));
  const missing = Object.entries(lock.packages).flatMap(([, entry]) =>
    missingPlatforms(entry, lock.packages),
  );
  if (missing.length === 0) return;
  // npm keeps the entries in this order, after the one of the root.
  const sorted = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) }).sort(([a], [b]) =>
    a.localeCompare(b, 'en'),
  );
  writeFileSync(lockPath, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`lock: added ${missing.map(([path]) => path.replace('node_modules/', '')).join(', ')}`);
}

/**
 * @param {Entry} parent
 * @param {Record<string, Entry>} packages
 * @returns {[path: string, entry: Entry][]}
 */
function missingPlatforms(parent, packages) {
  return Object.entries(parent.optionalDependencies ?? {}).flatMap(([name, version]) => {
    const path = `node_modules/${name}`;
    const os = operatingSystems.find((candidate) => name.includes(candidate));
    const cpu = [...processors].find(([part]) => name.includes(part))?.[1];
    const isExact = /^\d+\.\d+\.\d+$/.test(version);
    if (packages[path] !== undefined || os === undefined || cpu === undefined || !isExact) return [];
    /** @type {Entry} */
    const entry = {
      version,
      cpu: [cpu],
      ...(parent.dev === true ? { dev: true } : {}),
      optional: true,
      os: [os],
    };
    return [[path, entry]];
  });
}

/** npm touches the list of what is installed too: the next bootstrap must still see that this file is newer. */
function markChanged() {
  const now = new Date();
  utimesSync(lockPath, now, now);
}

if (isMain(import.meta.url))
  await runMain(() => {
    main();
    markChanged();
  });
