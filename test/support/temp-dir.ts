import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory below the system's temporary one; `removeTempDirs` removes it. */
export function makeTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'dsage-test-'));
  made.add(dir);
  return dir;
}

/** For `after` hooks: removes every directory that this process made. */
export function removeTempDirs(): void {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
  made.clear();
}

const made = new Set<string>();
