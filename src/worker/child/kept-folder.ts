import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A task's attempt, as the name of its kept folder says it. */
export interface KeptFor {
  readonly job: number;
  readonly index: number;
  readonly attempt: number;
}

/** Keeps the files of a failed task: renames its folder and returns the new path; undefined when it is empty. */
export function keepFolder(
  path: string,
  keepIn: string,
  { job, index, attempt }: KeptFor,
): string | undefined {
  if (!hasEntries(path)) return undefined;
  const kept = freeName(join(keepIn, `job-${job}-task-${index}-attempt-${attempt}`));
  renameSync(path, kept);
  return kept;
}

function hasEntries(path: string): boolean {
  try {
    return readdirSync(path).length > 0;
  } catch {
    // The task has removed its own folder.
    return false;
  }
}

/** The path, or with a number behind it when there is one: the same attempt may have run here before. */
function freeName(path: string): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? path : `${path}-${count}`;
    if (statSync(name, { throwIfNoEntry: false }) === undefined) return name;
  }
}
