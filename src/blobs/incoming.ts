/** Files on their way into or out of a blob store, each named after the process that has it. */
import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A leftover that is this old belongs to nobody, whatever process has the number of its writer now. */
const LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;
/** Files that this process has in hand. */
const inHand = new Set<string>();

/** A name for a file that this process takes in hand, until `endFile`. */
export function beginFile(): string {
  const name = `${process.pid}-${randomUUID()}`;
  inHand.add(name);
  return name;
}

export function endFile(name: string): void {
  inHand.delete(name);
}

/** Removes what processes left that are gone. */
export async function removeLeftovers(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const age = Date.now() - ((await stat(path).catch(absent))?.mtimeMs ?? 0);
    if (age > LEFTOVER_AGE_MS || !isInHand(name)) await rm(path, { force: true });
  }
}

/** Whether the process that a file is named after may still have it in hand. */
function isInHand(name: string): boolean {
  const pid = Number.parseInt(name, 10);
  if (pid === process.pid) return inHand.has(name);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Turns "no such file" into undefined. */
export function absent(thrown: unknown): undefined {
  if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  return undefined;
}
