import { expect } from 'chai';

import { waitForStatus } from '../support/monitor-acts.js';
import { type Monitor, startMonitor } from '../support/monitor.js';
import { removeTempDirs } from '../support/temp-dir.js';

describe('a restart of the server while the page is open', () => {
  let monitor: Monitor;

  before(async () => {
    monitor = await startMonitor({ workers: 1 });
  });
  after(async () => {
    await monitor.stop();
    removeTempDirs();
  });

  it('is shown, and the page goes on by itself, still logged in', async () => {
    const { page, troubles } = await monitor.visit();
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    const badge = page.getByRole('banner').getByRole('status');
    await badge.getByText('live').waitFor();
    const before = monitor.d.eval('1', { name: 'before it' });
    await before.wait();
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await monitor.cluster.killServer(signal);
      await badge.getByText('reconnecting').waitFor();
      await monitor.cluster.restartServer();
      await badge.getByText('live').waitFor();
    }
    const running = monitor.d.eval('await new Promise((done) => setTimeout(done, 60_000))', {
      name: 'after it',
    });
    running.wait().catch(() => undefined);
    await page.getByRole('link', { name: 'after it' }).click();
    await waitForStatus(page, 'processing');
    await monitor.d.killAll();
    await waitForStatus(page, 'killed');
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('link', { name: 'before it' }).waitFor();
    expect(await page.evaluate(() => 'isSamePage' in globalThis)).to.equal(true);
    expect(troubles).to.deep.equal([]);
  });
});
