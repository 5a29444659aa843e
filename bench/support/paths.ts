import { join, resolve } from 'node:path';

/** The root of the repository; this file runs from .cache/bench/support. */
export const root = resolve(import.meta.dirname, '../../..');

/** A compiled program of bench/programs. */
export function programPath(name: string): string {
  return join(import.meta.dirname, '..', 'programs', `${name}.js`);
}
