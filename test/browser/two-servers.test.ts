import { expect } from 'chai';

import { type Cluster, startCluster } from '../support/cluster.js';
import { type Monitor, startMonitor } from '../support/monitor.js';
import { removeTempDirs } from '../support/temp-dir.js';

describe('the monitors of two clusters on one machine', () => {
  let monitor: Monitor;
  let other: Cluster;

  before(async () => {
    monitor = await startMonitor({ workers: 0 });
    other = await startCluster({ workers: 0 });
  });
  after(async () => {
    await other.stop();
    await monitor.stop();
    removeTempDirs();
  });

  it('keep their logins apart in one browser, and log out one by one', async () => {
    const { page: first, troubles } = await monitor.visit();
    const second = await first.context().newPage();
    await second.goto(await (await other.connect()).webLogin());
    await second.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await first.reload();
    await first.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await first.getByRole('banner').getByRole('button', { name: 'Log out' }).click();
    await first.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
    await second.reload();
    await second.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(troubles).to.deep.equal([]);
  });
});
