import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package that a file belongs to. */
export interface Manifest {
  /** The folder of its package.json. */
  readonly folder: string;
  readonly name: string;
  /** Empty where the package has none. */
  readonly version: string;
}

/** The nearest package.json above a file or in a folder that names its package; undefined when there is none. */
export function manifestOf(path: string): Manifest | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    const { name, version } = manifestIn(folder);
    if (typeof name === 'string')
      return { folder, name, version: typeof version === 'string' ? version : '' };
    if (dirname(folder) === folder) return undefined;
  }
}

function manifestIn(folder: string): { readonly name?: unknown; readonly version?: unknown } {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object;
  } catch {
    // None here, or none that can be read: the next one above counts.
    return {};
  }
}
