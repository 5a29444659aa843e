import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { refused } from '../support/refusal.js';
import { removeTempDirs } from '../support/temp-dir.js';

const NOWHERE = { labels: ['nowhere'] };

describe('a full server refuses what is new, and nothing that it has suffers:', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;

  async function begin(...serverArgs: string[]): Promise<void> {
    cluster = await startCluster({ workers: 1, serverArgs });
    d = await cluster.connect();
  }
  afterEach(() => cluster.stop());
  after(removeTempDirs);

  it('too many waiting tasks', async () => {
    await begin('--max-waiting-tasks', '10');
    const earlier = d.map((n: number) => n, [1, 2, 3, 4, 5, 6, 7, 8], NOWHERE);
    await earlier.accepted;
    const before = await d.jobs().toArray();
    await refused(() => d.map((n: number) => n, [1, 2, 3]), {
      code: 'queue-full',
      says: /8 waiting tasks; its limit is 10 \(maxWaitingTasks\)/,
      hint: /Wait.*or kill/,
    });
    expect(await d.jobs().toArray()).to.deep.equal(before);
    // What still fits is taken, beside what is refused.
    const small = d.map((n: number) => n * 2, [20, 21]);
    expect(await small.wait({ timeoutMs: 20_000 })).to.deep.equal([40, 42]);
    // Once there is room, the same submission is accepted.
    await earlier.kill();
    expect(await d.map((n: number) => n, [1, 2, 3]).wait({ timeoutMs: 20_000 })).to.deep.equal([1, 2, 3]);
  });

  it('a map that is longer than the queue waits for room, and completes', async () => {
    await begin('--max-waiting-tasks', '300');
    const map = d.map(
      (n: number) => n + 1,
      Array.from({ length: 2_000 }, (_, n) => n),
    );
    const result = await map.wait({ timeoutMs: 50_000 });
    expect(result).to.have.lengthOf(2_000);
    expect(result.at(-1)).to.equal(2_000);
  });

  it('too many unfinished jobs', async () => {
    await begin('--max-unfinished-jobs', '3');
    const earlier = [d('1', NOWHERE), d('2', NOWHERE), d('3', NOWHERE)];
    await Promise.all(earlier.map((job) => job.accepted));
    const before = await d.jobs().toArray();
    await refused(() => d('4'), {
      code: 'queue-full',
      says: /3 unfinished jobs; its limit is 3 \(maxUnfinishedJobs\)/,
      hint: /Wait.*or kill/,
    });
    expect(await d.jobs().toArray()).to.deep.equal(before);
    await earlier[0]?.kill();
    expect(await d('4').wait({ timeoutMs: 20_000 })).to.equal(4);
    expect(earlier[1]?.status).to.equal('waiting');
  });

  it('too many tasks in one job', async () => {
    await begin('--max-tasks-per-job', '5');
    await refused(() => d.map((n: number) => n, [1, 2, 3, 4, 5, 6]), {
      code: 'limit-exceeded',
      says: /job of 6 tasks is over the limit of 5 \(maxTasksPerJob\)/,
      hint: /Split/,
    });
    expect(await d.jobs().toArray()).to.deep.equal([]);
    expect(await d.map((n: number) => n, [1, 2, 3, 4, 5]).wait({ timeoutMs: 20_000 })).to.have.lengthOf(5);
  });

  it('a restart keeps what was accepted, and the limit', async () => {
    await begin('--max-waiting-tasks', '4');
    const earlier = d.map((n: number) => n, [1, 2, 3, 4], NOWHERE);
    await earlier.accepted;
    await cluster.killServer();
    await cluster.restartServer();
    await eventually('the client is back', () => d.isConnected());
    await refused(() => d('5'), { code: 'queue-full', says: /4 waiting tasks/, hint: /Wait/ });
    expect((await d.job(earlier.id ?? 0)).counts.waiting).to.equal(4);
  });
});
