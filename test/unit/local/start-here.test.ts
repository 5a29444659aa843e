import { expect } from 'chai';

import type { JobContext } from '#dsage/jobs/context.js';
import { DistributedJob } from '#dsage/jobs/distributed-job.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';
import { startHere } from '#dsage/local/start-here.js';
import { KilledError } from '#dsage/model/errors.js';

import { refusal } from '../../support/rejection.js';

/** Squares; waits for ever at 0 until it is told to stop, and fails below. */
class Squares extends DistributedJob<{ readonly of: readonly number[] }, number, number, number[]> {
  static readonly module = import.meta.url;
  readonly #squares: number[] = [];
  readonly seen: number[] = [];

  override *tasks() {
    yield* this.parameters.of;
  }
  override compute(task: number, { index, signal }: JobContext): number | Promise<number> {
    this.seen.push(index);
    if (task < 0) throw new RangeError(`${task} is too small`);
    if (task > 0) return task * task;
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }
  override collect(answer: number) {
    this.#squares.push(answer);
  }
  override get result() {
    return this.#squares;
  }
}

describe('a job in this very thread', () => {
  it('runs its tasks one after the other', async () => {
    const job = startHere(new Squares({ of: [3, 4, 5] }));
    expect(await job.wait()).to.deep.equal([9, 16, 25]);
    expect([job.status, job.seen]).to.deep.equal(['completed', [0, 1, 2]]);
  });

  it('fails with what its task threw', async () => {
    const job = startHere(new Squares({ of: [3, -1, 5] }));
    expect((await refusal(job.wait())).message).to.contain('-1 is too small');
    expect(job.status).to.equal('failed');
  });

  it('stops what runs', async () => {
    const job = startHere(new Squares({ of: [2, 0, 3] }));
    while (job.progress.done < 1 || job.seen.length < 2)
      await new Promise((resolve) => setImmediate(resolve));
    await job.stop('enough');
    expect(await refusal(job.wait())).to.be.instanceOf(KilledError);
    expect([job.status, job.result, job.seen]).to.deep.equal(['killed', [4], [0, 1]]);
  });

  it('factors what is brief, and only that is', async () => {
    const brief = new DistributedFactor('12 * (10^20+39) * (10^21+117)');
    expect(brief.isBrief).to.equal(true);
    await startHere(brief).wait();
    expect(String(brief)).to.equal('2^2 * 3 * 100000000000000000039 * 1000000000000000000117');
    expect(new DistributedFactor(2n ** 31n - 1n).isBrief).to.equal(true);
    for (const long of ['(10^30+57) * (10^31+33)', '(10^40+1) * (10^41+1)'])
      expect(new DistributedFactor(long, { algebraic: false }).isBrief, long).to.equal(false);
    expect(new DistributedFactor('(10^20+39) * (10^21+117)', { maxSieveDigits: 0 }).isBrief).to.equal(false);
  });
});
