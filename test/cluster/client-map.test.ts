import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { KilledError, TaskFailedError } from '#dsage/model/errors.js';

import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { Endless } from '../support/endless.js';
import { rejection } from '../support/rejection.js';
import { removeTempDirs } from '../support/temp-dir.js';

describe('d.map', () => {
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 2 });
    d = await cluster.connect();
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('squares, in the order of the inputs', async () => {
    const j = d.map((n: number) => n * n, [25, 12, 25, 32, 12]);
    const jobs = await d.blockOnJobs(j);
    expect(jobs.map((job) => job.result)).to.deep.equal([625, 144, 625, 1024, 144]);
    expect(await j.wait()).to.deep.equal([625, 144, 625, 1024, 144]);
    const { total, completed, done } = j.progress;
    expect([total, completed, done]).to.deep.equal([5, 5, 5]);
    expect([j.at(0)?.result, j.at(-1)?.result, j.at(5)]).to.deep.equal([625, 144, undefined]);
  });

  it('takes several inputs side by side, until the first ends', async () => {
    const j = d.map((a: number, b: string) => `${b}${a}`, [1, 2, 3], ['x', 'y'], { name: 'zip' });
    expect(await j.wait()).to.deep.equal(['x1', 'y2']);
    expect(j.name).to.equal('zip');
  });

  it('takes nothing at all', async () => {
    expect(await d.map((n: number) => n, []).wait()).to.deep.equal([]);
  });

  it('gives tasks in the order in which they end', async () => {
    const j = d.map(async (ms: number) => new Promise((r) => setTimeout(() => r(ms), ms)), [600, 10, 20]);
    const order: unknown[] = [];
    for await (const done of d.asCompleted(j)) order.push(done.result);
    expect(order).to.deep.equal([10, 20, 600]);
  });

  it('gives jobs in the order in which they end', async () => {
    const jobs = [500, 10].map((ms) => d.eval(`await new Promise((r) => setTimeout(r, ${ms})); ${ms}`));
    const order: unknown[] = [];
    for await (const done of d.asCompleted(jobs)) order.push(done.result);
    expect(order).to.deep.equal([10, 500]);
  });

  it('reads lazy inputs no further than the job lives, and closes them', async () => {
    const numbers = new Endless();
    const j = d.map((n: number) => 2 * n, numbers);
    expect(await j.at(3)!.wait()).to.equal(6);
    await j.kill('far enough');
    expect(await rejection(j.wait())).to.be.instanceOf(KilledError);
    await eventually('the inputs are closed', () => numbers.isClosed);
    const end = numbers.read;
    await d('1').wait();
    expect(numbers.read).to.equal(end);
  });

  it('runs what came of asynchronous inputs before the next one comes', async () => {
    let tell: (value: number) => void = () => undefined;
    const first = new Promise<number>((resolve) => (tell = resolve));
    const seen: number[] = [];
    async function* chain() {
      yield 1;
      // It never comes unless the task of the first input runs meanwhile.
      seen.push(await first);
      yield 2;
    }
    const j = d.map((n: number) => n * 10, chain());
    await eventually('there is a first task', () => j.length > 0);
    tell(await j.at(0)!.wait());
    expect(await j.wait()).to.deep.equal([10, 20]);
    expect(seen).to.deep.equal([10]);
  });

  it('stops the job when its inputs break, and says why', async () => {
    function* broken() {
      for (let i = 0; i < 1000; i++) yield i;
      throw new Error('no more of these');
    }
    const j = d.map((n: number) => n, broken());
    expect((await rejection(j.wait())).message).to.contain('no more of these');
    const info = await d.job(j.id!);
    expect(info.status).to.equal('killed');
    expect((await rejection(info.wait())).message).to.contain('no more of these');
  });

  it('keeps failures with their tasks', async () => {
    const j = d.map(
      (n: number) => {
        if (n % 3 === 0) throw new RangeError(`not ${n}`);
        return n;
      },
      [1, 2, 3, 4, 5, 6],
      { maxAttempts: 2 },
    );
    const tasks = await d.blockOnJobs(j);
    expect(tasks.map(({ status }) => status)).to.deep.equal([
      ...['completed', 'completed', 'failed', 'completed', 'completed', 'failed'],
    ]);
    expect(tasks[2]!.error?.message).to.match(/Task 2 of job \d+ failed.*not 3/);
    expect(tasks[2]!.error?.cause).to.be.instanceOf(RangeError);
    expect((await rejection(tasks[5]!.wait())).message).to.match(/attempt 1.*not 6[^]*attempt 2.*not 6/);
    const error = await rejection(j.wait());
    expect(error).to.be.instanceOf(TaskFailedError);
    expect(error.message).to.match(/2 of its 6 tasks failed.*Task 2/s);
    expect(await rejection(d.blockOnJobs(j, { rejectOnFailure: true }))).to.be.instanceOf(TaskFailedError);
    expect([j.status, j.progress.failed]).to.deep.equal(['failed', 2]);
  });

  it('runs again only what failed', async () => {
    const j = d.map(
      (n: number) => {
        if (n === 2 && attempt === 1) throw new Error('the first time');
        return [n, attempt];
      },
      [1, 2, 3],
      { maxAttempts: 1 },
    );
    await j.settled();
    expect(j.status).to.equal('failed');
    await j.rerun({ onlyFailed: true });
    expect(await j.wait()).to.deep.equal([
      [1, 1],
      [2, 2],
      [3, 1],
    ]);
  });

  it('stops after too many failures', async () => {
    const j = d.map(
      () => {
        throw new Error('always');
      },
      Array.from({ length: 500 }, (_, i) => i),
      { maxFailedTasks: 2, maxAttempts: 1 },
    );
    expect((await rejection(j.wait())).message).to.match(/maxFailedTasks/);
  });

  it('kills one task alone', async () => {
    const j = d.map(
      async (n: number) => (n === 1 ? new Promise(() => setInterval(() => 0, 1000)) : n),
      [0, 1, 2],
    );
    await j.at(0)!.wait();
    await j.at(1)!.kill('not this one');
    const tasks = await d.blockOnJobs(j);
    expect(tasks.map(({ status }) => status)).to.deep.equal(['completed', 'killed', 'completed']);
    expect(tasks[1]!.error?.message).to.contain('not this one');
  });

  it('carries thousands, in parts', async () => {
    const count = 20_000;
    const inputs = Array.from({ length: count }, (_, i) => i);
    const results = await d.map((n: number) => n + 1, inputs).wait({ timeoutMs: 60_000 });
    expect(results).to.have.length(count);
    expect(results.every((value, i) => value === i + 1)).to.equal(true);
  });
});

declare const attempt: number;
