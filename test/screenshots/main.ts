// npm run screenshots: every page of the monitor, light and dark, wide and on a phone, to .cache/screenshots.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { submitMixedJobs } from '../support/mixed-jobs.js';
import { type Monitor, startMonitor } from '../support/monitor.js';
import { pagesOf, settled } from '../support/monitor-pages.js';
import { removeTempDirs } from '../support/temp-dir.js';

const folder = fileURLToPath(new URL('../../.cache/screenshots/', import.meta.url));
const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;
/** The chart of the overview shows a minute or more; some of it must have passed. */
const HISTORY_MS = Number(process.env['SCREENSHOTS_AFTER_MS'] ?? 20_000);

async function main(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const monitor = await startMonitor({ workers: 2, slots: 2, workerArgs: ['--coordinators', '1'] });
  try {
    const jobs = await submitMixedJobs(monitor.d);
    await new Promise((resolve) => setTimeout(resolve, HISTORY_MS));
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const size of ['wide', 'phone'] as const)
        await takeAll(monitor, pagesOf(jobs), { colorScheme, size });
    }
  } finally {
    await monitor.d.killAll();
    await monitor.stop();
    removeTempDirs();
  }
  console.log(`screenshots: ${folder}`);
}

async function takeAll(
  monitor: Monitor,
  pages: Readonly<Record<string, string>>,
  { colorScheme, size }: { readonly colorScheme: 'light' | 'dark'; readonly size: keyof typeof SIZES },
): Promise<void> {
  const { page } = await monitor.visit({ colorScheme, viewport: SIZES[size] });
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(path);
    await settled(page);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${size}.png`), fullPage: true });
  }
  await page.context().close();
}

await main();
