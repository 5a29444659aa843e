import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a new file so that it is there with all its bytes or not at all, whatever crashes, and never over
 * another. Returns false when a file of that name is there already: it is left as it is.
 */
export function createFile(path: string, text: string, mode: number): boolean {
  return withTemporary(path, text, mode, (temporary) => {
    try {
      // Unlike a rename, a link fails when its name is taken.
      linkSync(temporary, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

/** Puts new text in a file's place in one step: a reader sees the old text or the new. */
export function replaceFile(path: string, text: string, mode: number): void {
  withTemporary(path, text, mode, (temporary) => {
    renameSync(temporary, path);
    return true;
  });
}

function withTemporary(
  path: string,
  text: string,
  mode: number,
  place: (temporary: string) => boolean,
): boolean {
  // The time keeps a leftover of a crashed process with the same number out of the way.
  const temporary = `${path}.${process.pid}.${Date.now().toString(36)}.tmp`;
  const file = openSync(temporary, 'wx', mode);
  try {
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const placed = place(temporary);
    syncDirectory(dirname(path));
    return placed;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A new name is on disk only once its directory is. */
function syncDirectory(dir: string): void {
  // Windows cannot open a directory.
  if (process.platform === 'win32') return;
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
