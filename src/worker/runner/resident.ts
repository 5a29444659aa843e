import { readFileSync } from 'node:fs';

import pidusage from 'pidusage';

/** Resident memory of a process, KiB; 0 when it is gone. */
export async function residentKb(pid: number): Promise<number> {
  try {
    if (process.platform !== 'linux') return Math.round((await pidusage(pid)).memory / 1024);
    // In this file the kernel gives KiB, whatever its pages are.
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
