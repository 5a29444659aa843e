import { once } from 'node:events';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { createCsr } from '#dsage/security/pki.js';

import { startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

describe('the client at the limits of its server', () => {
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({
      ...{ workers: 1, slots: 2 },
      serverArgs: [
        '--max-waiting-tasks',
        '1000',
        '--max-unfinished-jobs',
        '20',
        '--max-tasks-per-job',
        '7000',
      ],
    });
    d = await cluster.connect();
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('feeds a map through a queue that is smaller than it, and loses no task', async () => {
    const results = await d.map((n: number) => n + 1, Array(6000).keys()).wait({ timeoutMs: 60_000 });
    expect(results).to.deep.equal(Array.from({ length: 6000 }, (_, i) => i + 1));
  });

  it('ends a map whose last tasks are refused, when all of them have been handed on, with the reason', async () => {
    const map = d.map((n: number) => n + 1, Array(7100).keys());
    const error = await map.wait({ timeoutMs: 60_000 }).catch((thrown: unknown) => thrown);
    // What came first: the refusal, or the news that the job was killed because of it. Both say why.
    expect(error).to.have.property('code').that.is.oneOf(['limit-exceeded', 'killed']);
    expect(error)
      .to.have.property('message')
      .that.matches(/limit of 7000 \(maxTasksPerJob\)/);
    expect(await d.job(await map.accepted).then(({ status }) => status)).to.equal('killed');
  });

  it('tells jobs that the server refuses, and takes the next one', async () => {
    const jobs = Array.from({ length: 30 }, () => d.eval('1', { labels: ['nowhere'] }));
    const outcomes = await Promise.allSettled(jobs.map((job) => job.accepted));
    const refused = jobs.filter((_, i) => outcomes[i]?.status === 'rejected');
    expect(refused).to.have.length(10);
    expect(refused[0]?.error).to.include({ code: 'queue-full' });
    expect(refused[0]?.error?.message).to.match(/maxUnfinishedJobs/);
    expect([refused[0]?.status, refused[0]?.id]).to.deep.equal(['failed', undefined]);
    await d.killAll();
    expect(await d('7').wait()).to.equal(7);
  });

  it('adds, lists, disables, enables and removes users', async () => {
    const { csrPem } = await createCsr('emmy');
    const { certificatePem, caPem } = await d.users.add({ name: 'emmy', csrPem });
    expect(certificatePem).to.contain('BEGIN CERTIFICATE');
    expect(caPem).to.contain('BEGIN CERTIFICATE');
    const emmy = async () => (await d.users.list()).find(({ name }) => name === 'emmy');
    expect(await emmy()).to.deep.include({ role: 'user', enabled: true });
    await d.users.disable('emmy');
    expect(await emmy()).to.deep.include({ enabled: false });
    await d.users.enable('emmy');
    expect(await emmy()).to.deep.include({ enabled: true });
    await d.users.remove('emmy');
    expect(await emmy()).to.equal(undefined);
    const error = await d.users.add({ name: 'a b', csrPem }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'invalid-argument' });
  });

  it('stops the server', async () => {
    const { process } = cluster.server!;
    const ended = once(process, 'exit');
    await d.stopServer();
    expect(await ended).to.deep.equal([0, null]);
  });
});
