import type { CDPSession } from 'playwright-core';

import { memoryMb } from './proc.js';

/** What a browser's processes have used so far. */
export interface BrowserUse {
  /** Those that run pages, every thread of them: script, style, layout, painting, compositing. */
  readonly renderers: readonly number[];
  /** Their CPU time, seconds. */
  readonly rendererSeconds: number;
  /** That of the browser's main process, of drawing and of the network, seconds. */
  readonly otherSeconds: number;
}

/** Takes the session of a whole browser (`newBrowserCDPSession`). */
export async function browserUse(session: CDPSession): Promise<BrowserUse> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const seconds = (of: typeof processInfo): number => of.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  return {
    renderers: renderers.map(({ id }) => id),
    rendererSeconds: seconds(renderers),
    otherSeconds: seconds(processInfo.filter(({ type }) => type !== 'renderer')),
  };
}

/** Megabytes (not MiB) that those processes have in RAM, with the browser's own code, and how much of that no file stands behind. */
export function memoryOf(pids: readonly number[]): { readonly resident: number; readonly anonymous: number } {
  const each = pids.map(memoryMb);
  const megabytes = (mib: number[]): number => (mib.reduce((sum, one) => sum + one, 0) * 2 ** 20) / 1e6;
  return {
    resident: megabytes(each.map(({ resident }) => resident)),
    anonymous: megabytes(each.map(({ anonymous }) => anonymous)),
  };
}
