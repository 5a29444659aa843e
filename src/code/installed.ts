import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { messageOf } from '../model/errors.js';
import { manifestOf } from './manifest.js';

/** A module of an installed package. */
export interface Installed {
  readonly url: string;
  readonly version: string;
}

/** Finds a module as an import in a file of `folder` would. Returns why it is not there. */
export async function locateInstalled(specifier: string, folder: string): Promise<Installed | string> {
  // Few programs name installed modules.
  const { resolve } = await import('import-meta-resolve');
  try {
    const url = resolve(specifier, pathToFileURL(join(folder, 'index.js')).href);
    if (!url.startsWith('file:')) return { url, version: process.version };
    return { url, version: manifestOf(fileURLToPath(url))?.version ?? '' };
  } catch (error) {
    return messageOf(error);
  }
}
