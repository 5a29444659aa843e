import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { MapJob } from '#dsage/client/map-job.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

const SOON = { timeoutMs: 20_000 };

describe('several handles of one job, in one connection', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ workers: 0 });
    d = await cluster.connect();
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('all hear of its answers and its end, the first one too', async () => {
    const first = d.map((n: number) => n * n, [1, 2, 3]);
    const id = await first.accepted;
    const second = (await d.job(id)) as MapJob<number>;
    const listed = (await d.getMyJobs()) as MapJob<number>[];
    const waits = [first, second, ...listed].map((handle) => handle.wait(SOON));
    await cluster.startWorker();
    expect(await Promise.all(waits)).to.deep.equal(Array<number[]>(3).fill([1, 4, 9]));
  });

  it('go on hearing after another one has been told of the end of its own run', async () => {
    const first = d('21 * 2');
    await first.wait(SOON);
    const second = await d.job(first.id ?? 0);
    await second.rerun();
    expect(await second.wait(SOON)).to.equal(42);
    await first.rerun();
    expect(await Promise.all([first.wait(SOON), second.wait(SOON)])).to.deep.equal([42, 42]);
  });
});
