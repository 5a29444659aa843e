import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { AnyJob } from '#dsage/client/runs.js';
import type { JobClass } from '#dsage/jobs/job-class.js';

import { startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';
import { UserPackage } from '../support/user-package.js';

const MERSENNE = `import { DistributedJob } from 'dsage';

function lucasLehmer(p: number): boolean {
  const m = 2n ** BigInt(p) - 1n;
  let s = 4n;
  for (let i = 2; i < p; i++) s = (s * s - 2n) % m;
  return s === 0n;
}

export class MersenneSearch extends DistributedJob<{ limit: number }, number, boolean, number[]> {
  static readonly module = import.meta.url;          // lets dsage ship this file to the workers
  #found: number[] = [];
  *tasks() { for (let p = 3; p <= this.parameters.limit; p += 2) yield p; }   // coordinator
  compute(p: number) { return lucasLehmer(p); }                                // worker
  collect(isPrime: boolean, p: number) { if (isPrime) this.#found.push(p); }   // coordinator
  get result() { return this.#found; }
}
`;
const EXPONENTS = [3, 5, 7, 13, 17, 19, 31, 61, 89, 107, 127, 521, 607];

type AnyClass = JobClass & (new (parameters: unknown) => AnyJob & { result: unknown });

describe('a job class', () => {
  let cluster: Cluster;
  let d: Dsage;
  let theirs: UserPackage;
  let MersenneSearch: AnyClass;

  before(async () => {
    cluster = await startCluster({ workers: 2, slots: 1 });
    d = await cluster.connect();
    theirs = new UserPackage({ 'mersenne.ts': MERSENNE });
    ({ MersenneSearch } = (await theirs.load('mersenne.ts')) as unknown as { MersenneSearch: AnyClass });
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  const sorted = (result: unknown) => (result as number[]).toSorted((a, b) => a - b);

  it('runs its tasks on the workers, and its coordinator here', async () => {
    const job = d.start(new MersenneSearch({ limit: 700 }), { name: 'a search' });
    expect(job.done).to.equal(false);
    expect(sorted(await job.wait({ timeoutMs: 60_000 }))).to.deep.equal(EXPONENTS);
    expect(job).to.include({ done: true, status: 'completed' });
    expect(job.progress).to.include({ submitted: 349, completed: 349, failed: 0, done: 349 });
    expect(job.time).to.be.greaterThan(0);
    const info = await d.jobInfo(job.id ?? 0);
    expect(info).to.include({
      name: 'a search',
      kind: 'class',
      status: 'completed',
      summary: 'MersenneSearch',
    });
  });

  it('runs wholly on the cluster, and is looked at from here', async () => {
    const job = await d.submit(new MersenneSearch({ limit: 300 }));
    expect(job.id).to.be.greaterThan(0);
    expect(sorted(await job.wait({ timeoutMs: 60_000 }))).to.deep.equal(EXPONENTS.filter((p) => p <= 300));
    const info = await d.jobInfo(job.id ?? 0);
    expect(info).to.include({ status: 'completed', detached: true });
    expect(info.counts).to.include({ completed: info.taskCount, killed: 0, failed: 0 });
  });

  it('is waited for by other jobs, and waits for them', async () => {
    const first = d('1');
    const search = d.start(new MersenneSearch({ limit: 50 }), { after: [first] });
    const late = d('2', { after: [search] });
    expect(await late.wait({ timeoutMs: 30_000 })).to.equal(2);
    expect(search.done || (await d.job(await search.accepted)).status === 'completed').to.equal(true);
    await search.wait();
    expect((await d.explain(search)).reasons[0]).to.match(/has ended/);
  });

  it('is looked at again once it has ended', async () => {
    const first = d.start(new MersenneSearch({ limit: 100 }));
    await first.wait({ timeoutMs: 60_000 });
    const again = await d.attach(MersenneSearch, first.id ?? 0);
    expect(sorted(await again.wait({ timeoutMs: 20_000 }))).to.deep.equal(EXPONENTS.filter((p) => p <= 100));
  });
});
