import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';

import { DsageError, messageOf } from '../../model/errors.js';
import { keepFolder } from './kept-folder.js';
import type { KeptFor } from './kept-folder.js';

/** An untouched folder was last changed then: the file system's clock is too coarse to compare with now. */
const UNTOUCHED_SECONDS = 1;

/**
 * The folder a task runs in: its own and empty, or with the attachments. It costs nearly nothing for tasks
 * that use no files: the folder stays until one of them has changed it.
 */
export class TaskDirectory {
  readonly path: string;
  readonly #keepIn: string;
  #changed = false;

  /**
   * @param path the folder, empty
   * @param keepIn where the folders of failed tasks are kept
   */
  constructor(path: string, keepIn: string) {
    this.path = path;
    this.#keepIn = keepIn;
    this.#enterFresh();
  }

  /** Copies the attachments in. Throws `setup` when one of them is not there. */
  prepare(attachments: readonly { readonly path: string; readonly file: string }[]): void {
    for (const { path, file } of attachments) {
      const target = join(this.path, checkedPath(path));
      this.#changed = true;
      try {
        mkdirSync(dirname(target), { recursive: true });
        copyFileSync(file, target);
      } catch (error) {
        throw new DsageError(
          'setup',
          `The attachment '${path}' could not be put in place: ${messageOf(error)}.`,
          {
            cause: error,
          },
        );
      }
    }
  }

  /** Makes the folder clean for the next task. What a failed task has left in it is kept: returns where. */
  settle(failed: KeptFor | undefined): string | undefined {
    if (this.#isCurrent() && !this.#isTouched()) return undefined;
    const kept = failed === undefined ? undefined : keepFolder(this.path, this.#keepIn, failed);
    this.#enterFresh();
    return kept;
  }

  #isCurrent(): boolean {
    try {
      return process.cwd() === this.path;
    } catch {
      // The task has removed the folder it was in.
      return false;
    }
  }

  #isTouched(): boolean {
    if (this.#changed) return true;
    return statSync(this.path, { throwIfNoEntry: false })?.mtimeMs !== UNTOUCHED_SECONDS * 1000;
  }

  #enterFresh(): void {
    mkdirSync(this.path, { recursive: true });
    for (const name of readdirSync(this.path))
      rmSync(join(this.path, name), { recursive: true, force: true });
    process.chdir(this.path);
    utimesSync(this.path, UNTOUCHED_SECONDS, UNTOUCHED_SECONDS);
    this.#changed = false;
  }
}

function checkedPath(path: string): string {
  const clean = normalize(path);
  if (isAbsolute(clean) || clean === '..' || clean.startsWith(`..${sep}`)) {
    throw new DsageError('setup', `The attachment '${path}' would leave the task's folder.`);
  }
  return clean;
}
