import { spawnSync } from 'node:child_process';

import type { ParentDeath } from './types.js';

let found: ParentDeath | undefined;

/** How children learn of this process's death here: by the kernel where setpriv(1) can ask it to. */
export function findParentDeath(): ParentDeath {
  found ??= canUseSetpriv() ? 'pdeathsig' : 'watchdog';
  return found;
}

function canUseSetpriv(): boolean {
  if (process.platform !== 'linux') return false;
  return spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' }).status === 0;
}
