import { expect } from 'chai';

import { DistributedJob } from '#dsage/jobs/distributed-job.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';
import { DistributedMap } from '#dsage/jobs/distributed-map.js';
import { startLocally } from '#dsage/local/start.js';
import { KilledError, TaskFailedError } from '#dsage/model/errors.js';

import { refusal } from '../../support/rejection.js';

class OfAUser extends DistributedJob<object, number, number, number> {
  static readonly module = import.meta.url;
  override *tasks() {
    yield 1;
  }
  override compute(task: number) {
    return task;
  }
  override collect() {
    // It never comes to that.
  }
  override get result() {
    return 0;
  }
}

describe('a job on threads of this machine', function () {
  this.timeout(60_000);

  it('gives what it gives on a server', async () => {
    const job = startLocally(
      new DistributedMap(
        (a: number, b: bigint) => BigInt(a) * b,
        [
          [1, 2, 3],
          [4n, 5n, 2n ** 100n],
        ],
      ),
      { slots: 2 },
    );
    expect(job.id).to.equal(undefined);
    expect(await job.wait()).to.deep.equal([4n, 10n, 3n * 2n ** 100n]);
    expect([job.status, job.progress.completed, job.done]).to.deep.equal(['completed', 3, true]);
  });

  it('factors', async () => {
    const job = startLocally(new DistributedFactor(-(2n ** 64n + 1n) * 12n), { slots: 2 });
    await job.wait();
    expect(String(job)).to.equal('-1 * 2^2 * 3 * 274177 * 67280421310721');
  });

  it('fails as the class decides', async () => {
    const job = startLocally(
      new DistributedMap(
        (n: number) => {
          if (n === 2) throw new RangeError('two is too much');
          return n;
        },
        [[1, 2, 3]],
      ),
      { slots: 1 },
    );
    const error = await refusal(job.wait());
    expect(error).to.be.instanceOf(TaskFailedError);
    expect(error.message).to.contain('two is too much');
    expect(job.status).to.equal('failed');
  });

  it('stops, with the tasks that run', async () => {
    const job = startLocally(
      new DistributedMap(
        async (n: number) => {
          await new Promise((resolve) => setTimeout(resolve, n));
          return n;
        },
        [[0, 1e9, 1e9]],
      ),
      { slots: 2 },
    );
    while (job.progress.done < 1) await new Promise((resolve) => setImmediate(resolve));
    await job.stop('enough');
    expect(await refusal(job.wait())).to.be.instanceOf(KilledError);
    expect([job.status, job.result[0]]).to.deep.equal(['killed', 0]);
  });

  it('starts no task while it is paused', async () => {
    const inputs = Array.from({ length: 400 }, (_, place) => place);
    const job = startLocally(new DistributedMap((n: number) => n + 1, [inputs]), { slots: 1 });
    // Its tasks are made after this turn.
    await job.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([job.progress.done, job.progress.submitted > 0]).to.deep.equal([0, true]);
    await job.resume();
    expect(await job.wait()).to.deep.equal(inputs.map((n) => n + 1));
  });

  it('has no number, and says so', async () => {
    const job = startLocally(new DistributedMap((n: number) => n, [[1]]), { slots: 1 });
    expect((await refusal(job.accepted)).message).to.contain('has no number');
    await job.wait();
  });

  it('is of one of our own classes', () => {
    expect(() => startLocally(new OfAUser({}))).to.throw('OfAUser is none of dsage');
  });
});
