import { Worker } from 'node:worker_threads';

const LOOK_EVERY_MS = 500;

/**
 * Ends this process group soon after its parent has died, from a thread of its own: the main thread may be
 * spinning in a task. Where the kernel can do this (setpriv on Linux) it does.
 */
export function watchParent(parentPid: number): void {
  const look = `
    setInterval(() => {
      if (process.ppid !== ${parentPid}) process.kill(-process.pid, 'SIGKILL');
    }, ${LOOK_EVERY_MS});
  `;
  const watchdog = new Worker(look, { eval: true, execArgv: [], stdin: false });
  watchdog.unref();
}
