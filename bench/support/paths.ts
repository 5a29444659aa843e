import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of the repository; this file runs from .cache/bench/support. */
export const root = resolve(import.meta.dirname, '../../..');

/** A compiled program of bench/programs. */
export function programPath(name: string): string {
  return join(import.meta.dirname, '..', 'programs', `${name}.js`);
}

/** Gives a fresh directory to `use`, and removes it whatever happens. */
export async function withTempDir<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
