import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { nextPrime } from '#dsage/code/prelude/numbers.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';

import { runDsage } from '../support/cli.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

describe('what a running job says of itself', function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let d: Dsage;
  // Half a minute of sieving: it does not end before it is looked at.
  const n = 21n * nextPrime(3n * 10n ** 34n) * nextPrime(10n ** 36n);

  before(async () => {
    cluster = await startCluster({ workers: 2, slots: 1 });
    d = await cluster.connect();
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  async function sieves(id: number): Promise<void> {
    const says = async () => (await d.jobInfo(id)).note.startsWith('3 * 7 * … : sieving');
    await eventually('it says that it sieves', says, 40_000);
  }

  it('is seen by others while it runs, after a restart of the server too, and not when it has ended', async () => {
    const job = d.start(new DistributedFactor(n));
    const id = await job.accepted;
    await sieves(id);
    const grows = async () => ((await d.jobInfo(id)).fraction ?? 0) > 0;
    await eventually('it says how far it is', grows, 20_000);
    const [listed] = await d.jobs().toArray(1);
    expect(listed?.note).to.contain('sieving');
    expect(listed?.fraction).to.be.within(0, 1);
    expect((await runDsage(['job', String(id)], cluster)).stdout).to.match(
      /says +\d+ %, 3 \* 7 \* … : sieving/,
    );
    expect((await runDsage(['jobs'], cluster)).stdout).to.contain('3 * 7 * … : sieving');
    await cluster.killServer();
    await cluster.restartServer();
    await sieves(id);
    await job.stop();
    expect(await d.jobInfo(id)).to.include({ status: 'killed', note: '', fraction: undefined });
  });

  it('comes from a worker that coordinates it, too', async () => {
    const job = await d.submit(new DistributedFactor(n));
    await sieves(job.id ?? 0);
    await job.stop();
  });

  it('is nothing for a job of plain code', async () => {
    const job = d('2+2');
    await job.wait({ timeoutMs: 20_000 });
    expect(await d.jobInfo(job.id ?? 0)).to.include({ note: '', fraction: undefined });
  });
});
