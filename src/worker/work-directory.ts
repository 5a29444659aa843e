import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

import { DsageError, messageOf } from '../model/errors.js';

/** Whose directory it is, inside that directory. */
const PID_FILE = 'pid';
/** So many directories of failed attempts are kept, the newest ones. */
const KEPT_FAILURES = 100;
/** What the slots call the directory of an attempt that failed. */
const FAILED_ATTEMPT = /^job-\d+-task-\d+-attempt-\d+/;

/** The directory of one worker process in `tmp_worker_files`, which several workers may share. */
export interface WorkDirectory {
  readonly path: string;
  /** Removes all but the newest directories of failed attempts, of all workers. */
  trim(): void;
  /** Removes the directory, unless failed attempts left theirs in it. */
  remove(): void;
}

/**
 * Makes this worker's own directory, and clears away what workers left that were killed.
 *
 * Throws `setup` when `root` cannot be written to.
 */
export function openWorkDirectory(root: string, instance: string): WorkDirectory {
  const path = join(root, instance);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    writeFileSync(join(path, PID_FILE), `${String(process.pid)} ${hostname()}\n`);
  } catch (error) {
    throw new DsageError('setup', `The worker cannot write to its directory ${path}: ${messageOf(error)}.`, {
      hint: 'Make it writable, or choose another one with --directory.',
      cause: error,
    });
  }
  for (const name of namesIn(root)) clearDead(join(root, name));
  trimFailures(root);
  return {
    path,
    trim: () => {
      trimFailures(root);
    },
    remove: () => {
      clear(path);
    },
  };
}

/** Clears the directory of a worker whose process is gone. */
function clearDead(path: string): void {
  const pid = pidIn(path);
  if (pid !== undefined && pid !== process.pid && !isAlive(pid)) clear(path);
}

/** Removes everything but the directories of failed attempts, and the directory itself when it is empty then. */
function clear(path: string): void {
  let kept = 0;
  for (const name of namesIn(path)) {
    if (FAILED_ATTEMPT.test(name)) kept += 1;
    else rmSync(join(path, name), { recursive: true, force: true });
  }
  if (kept === 0) rmSync(path, { recursive: true, force: true });
}

function trimFailures(root: string): void {
  const failures = namesIn(root)
    .flatMap((worker) =>
      namesIn(join(root, worker)).map((name) => ({ path: join(root, worker, name), name })),
    )
    .filter(({ name }) => FAILED_ATTEMPT.test(name))
    .map(({ path }) => ({ path, atMs: changedAtMs(path) }))
    .sort((a, b) => b.atMs - a.atMs);
  for (const { path } of failures.slice(KEPT_FAILURES)) {
    rmSync(path, { recursive: true, force: true });
    removeIfEmpty(dirname(path));
  }
}

/** A dead worker's directory goes with the last thing in it. */
function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Something is left in it.
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    // Not a directory, or another worker removed it just now.
    return [];
  }
}

function changedAtMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Undefined when it is not known, or of another machine that shares the directory. */
function pidIn(path: string): number | undefined {
  try {
    const [number, host] = readFileSync(join(path, PID_FILE), 'utf8').trim().split(' ');
    if (host !== hostname()) return undefined;
    const pid = Number(number);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** A process of another user cannot be signalled, but it lives. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
