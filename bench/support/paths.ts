import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository, as Node finds it: this file runs compiled from .cache/bench, and in tests from where it stands. */
export const root = dirname(fileURLToPath(import.meta.resolve('dsage/package.json')));

/** A compiled program of bench/programs. */
export function programPath(name: string): string {
  return join(import.meta.dirname, '..', 'programs', `${name}.js`);
}
