import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { AnyJob } from '#dsage/client/runs.js';
import { DistributedMap } from '#dsage/jobs/distributed-map.js';
import type { JobClass } from '#dsage/jobs/job-class.js';

import { eventually, startCluster } from '../support/cluster.js';
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
const FRAGILE = `import { DistributedJob, type FailureDecision } from 'dsage';

export class Fragile extends DistributedJob<FailureDecision, number, number, number[]> {
  static readonly module = import.meta.url;
  readonly #kept: number[] = [];
  *tasks() { yield* [1, 2, 3]; }
  compute(n: number) {
    if (n === 2) throw new RangeError('not 2');
    return n;
  }
  collect(n: number) { this.#kept.push(n); }
  override onFailure() { return this.parameters; }
  get result() { return this.#kept; }
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
    theirs = new UserPackage({ 'mersenne.ts': MERSENNE, 'fragile.ts': FRAGILE });
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

  it('is paused, resumed and stopped, and says so', async () => {
    const job = d.start(new MersenneSearch({ limit: 100_000 }));
    await eventually('it has begun', () => job.progress.done > 20, 20_000);
    await job.pause();
    await eventually('it is paused', () => job.status === 'paused', 20_000);
    await job.resume();
    const { done } = job.progress;
    await eventually('it goes on', () => job.progress.done > done, 20_000);
    expect(job.time).to.be.greaterThan(0);
    await job.stop('enough');
    const error: unknown = await job.wait({ timeoutMs: 20_000 }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'killed' });
    expect(error)
      .to.have.property('message')
      .that.matches(/was killed: enough/);
    expect(job).to.include({ done: true, status: 'killed' });
    expect(job.endTime).to.be.instanceOf(Date);
  });

  it('is saved to a file, and restored from it', async () => {
    const job = d.start(new MersenneSearch({ limit: 60 }));
    await job.accepted;
    const saved = theirs.path('saved.json');
    await job.save(saved);
    await job.wait({ timeoutMs: 20_000 });
    const again = await d.restore(MersenneSearch, saved);
    expect(again.id).to.equal(job.id);
    expect(sorted(await again.wait({ timeoutMs: 20_000 }))).to.deep.equal(sorted(job.result));
  });

  it('is a map, over several iterables', async () => {
    const map = d.start(
      new DistributedMap(
        (a: number, b: bigint) => BigInt(a) * b,
        [
          [1, 2, 3],
          [10n, 20n],
        ],
      ),
    );
    expect(await map.wait({ timeoutMs: 20_000 })).to.deep.equal([10n, 40n]);
    expect(map.progress).to.include({ total: 2, done: 2 });
  });

  it('decides what becomes of tasks that fail', async () => {
    const { Fragile } = (await theirs.load('fragile.ts')) as unknown as { Fragile: AnyClass };
    const outcome = async (decision: string) => {
      const job = d.start(new Fragile(decision), { maxAttempts: 2 });
      const failed: string[] = [];
      job.events.on('failed', (error, task) => failed.push(`${String(task)} ${error.message}`));
      const ended: unknown = await job.wait({ timeoutMs: 30_000 }).catch((thrown: unknown) => thrown);
      return { ended, failed };
    };
    const skipped = await outcome('skip');
    expect(sorted(skipped.ended)).to.deep.equal([1, 3]);
    expect(skipped.failed).to.have.lengthOf(1);
    expect(skipped.failed[0]).to.match(/^2 Task 1 failed.*RangeError: not 2/);
    const failedJob = await outcome('fail');
    expect(failedJob.ended)
      .to.have.property('message')
      .that.matches(/Job \d+ failed: Task 1 failed.*not 2/s);
    expect(failedJob.ended)
      .to.have.nested.property('cause.stack')
      .that.matches(/fragile\.ts:8/);
  });

  it('is looked at again once it has ended', async () => {
    const first = d.start(new MersenneSearch({ limit: 100 }));
    await first.wait({ timeoutMs: 60_000 });
    const again = await d.attach(MersenneSearch, first.id ?? 0);
    expect(sorted(await again.wait({ timeoutMs: 20_000 }))).to.deep.equal(EXPONENTS.filter((p) => p <= 100));
  });
});
