import { mkdirSync, rmSync } from 'node:fs';

import type { Lease } from '../../model/task.js';
import { keepFolder } from '../child/kept-folder.js';

/** Makes an empty folder for a child to run its tasks in. */
export function makeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/**
 * Puts away the folder of a child that is gone. When a task failed there and left files they are kept:
 * returns where.
 */
export function putAway(
  path: string,
  failed?: { readonly lease: Lease; readonly workDirectory: string },
): string | undefined {
  const kept = failed === undefined ? undefined : keepFolder(path, failed.workDirectory, failed.lease);
  if (kept === undefined) rmSync(path, { recursive: true, force: true });
  return kept;
}
