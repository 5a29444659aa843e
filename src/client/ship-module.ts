import { cwd } from 'node:process';

import { bundleModule } from '../code/bundle/bundle.js';
import { locateInstalled } from '../code/installed.js';
import type { ModuleExport } from '../code/module-home.js';
import { DsageError } from '../model/errors.js';
import { packageVersion } from '../wire/hello.js';

/** An export of a module, ready to travel. */
export interface ShippedModule extends ModuleExport {
  /** The module with all that it imports, when workers do not have it. */
  readonly bundle: Uint8Array | undefined;
}

export interface ModuleWanted {
  /** Of the module: a `file:` URL, or the name of an installed module. */
  readonly url: string;
  readonly name: string;
  /** At the start of messages: `The class Sieve`. */
  readonly label: string;
  /** Take the default export when there is none of that name. */
  readonly orDefault: boolean;
}

/** The compiled folder of this dsage. */
const OWN_FOLDER = new URL('../', import.meta.url).href;

/**
 * Finds out how a module travels: one of dsage's own by its path, an installed one by its name, and any other one as
 * a bundle. Nothing of the module is run.
 *
 * Throws `not-shippable` when it has no such export, is not installed or cannot be bundled; `limit-exceeded` when its
 * bundle is too large.
 */
export async function shipModule(wanted: ModuleWanted): Promise<ShippedModule> {
  const { url, name, label } = wanted;
  if (url.startsWith(OWN_FOLDER)) {
    const path = url.slice(OWN_FOLDER.length);
    return { home: { kind: 'dsage', path, version: packageVersion() }, export: name, bundle: undefined };
  }
  if (!URL.canParse(url)) {
    const installed = await locateInstalled(url, cwd());
    if (typeof installed === 'string') throw notInstalled(wanted, installed);
    const home = { kind: 'package', specifier: url, version: installed.version } as const;
    return { home, export: name, bundle: undefined };
  }
  if (!url.startsWith('file:')) {
    throw new DsageError('not-shippable', `${label} is said to be in ${url}, which is no file.`, {
      hint: 'Name its file: import.meta.url.',
    });
  }
  const { bytes, exports } = await bundleModule(url, { label });
  return { home: { kind: 'bundle' }, export: exportOf(wanted, exports), bundle: bytes };
}

function exportOf({ url, name, label, orDefault }: ModuleWanted, exports: readonly string[]): string {
  if (exports.includes(name)) return name;
  if (orDefault && exports.includes('default')) return 'default';
  const list = exports.length === 0 ? 'exports nothing' : `exports ${exports.join(', ')}`;
  throw new DsageError(
    'not-shippable',
    `${label} cannot be sent to a worker: its module ${url} ${list}, and no ${name}.`,
    { hint: `Export it there under its own name: export { ${name} }.` },
  );
}

function notInstalled({ url, label }: ModuleWanted, why: string): DsageError {
  return new DsageError(
    'not-shippable',
    `${label} is said to be in ${url}, which is not installed here: ${why}.`,
    { hint: 'Install it here and on the workers, or let its file be sent: import.meta.url.' },
  );
}
