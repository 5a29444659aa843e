import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect } from 'chai';

import { Coordinator } from '#dsage/jobs/coordinator.js';
import type { JobContext } from '#dsage/jobs/context.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';
import type { DistributedFactorOptions } from '#dsage/jobs/factor/distributed-factor.js';
import type { FactorAnswer, FactorTask } from '#dsage/jobs/factor/tasks.js';
import { DsageError } from '#dsage/model/errors.js';
import { decodeValue, encodeValue } from '#dsage/wire/codec.js';
import { Random } from '../../../support/random.js';
import { SimulatedServer } from '../../../support/simulated-port.js';

const [P, Q, R] = [1_000_003n, 1_000_000_007n, 100_000_000_003n];
const HARD = (10n ** 30n + 57n) * (10n ** 31n + 33n);

/** As a worker has it, with the context that a worker gives. */
class OnWorker extends DistributedFactor {
  override compute(task: FactorTask): Promise<FactorAnswer> {
    const context = { signal: new AbortController().signal, progress: () => undefined };
    return super.compute(task, context as unknown as JobContext);
  }
}

function start(job: DistributedFactor, worker: DistributedFactor = new OnWorker(1)) {
  const server = new SimulatedServer(worker, new Random(1));
  const port = server.port();
  new Coordinator(job, port).start();
  return { server, port };
}

/** Until the job has ended. */
async function drive(
  job: DistributedFactor,
  server: SimulatedServer,
  port: ReturnType<SimulatedServer['port']>,
) {
  for (let turn = 0; turn < 5_000 && !job.done; turn += 1) {
    port.deliver();
    await server.work();
    port.tell();
    await nextTurn();
  }
  expect(job.done).to.equal(true);
}

async function run(n: bigint | number | string, options?: DistributedFactorOptions) {
  const job = new DistributedFactor(n, options);
  const { server, port } = start(job);
  await drive(job, server, port);
  return job;
}

describe('a distributed factorization', function () {
  this.timeout(30_000);

  it('finds the factors of every kind of number', async () => {
    expect((await run(1)).result).to.deep.equal([]);
    expect((await run(-1)).result).to.deep.equal([[-1n, 1]]);
    expect((await run(97)).result).to.deep.equal([[97n, 1]]);
    expect((await run(-360)).result).to.deep.equal([
      [-1n, 1],
      [2n, 3],
      [3n, 2],
      [5n, 1],
    ]);
    expect((await run('2^127-1')).result).to.deep.equal([[2n ** 127n - 1n, 1]]);
    expect((await run(Q ** 7n)).result).to.deep.equal([[Q, 7]]);
    expect((await run((P * Q) ** 3n)).result).to.deep.equal([
      [P, 3],
      [Q, 3],
    ]);
    const job = await run(P ** 2n * Q ** 3n * R * 2n);
    expect(job.result).to.deep.equal([
      [2n, 1],
      [P, 2],
      [Q, 3],
      [R, 1],
    ]);
    expect(job).to.include({ status: 'completed', stage: 'done' });
    expect(String(job)).to.equal(`2 * ${P}^2 * ${Q}^3 * ${R}`);
    expect(await job.wait()).to.deep.equal(job.primeFactors);
  });

  it('shows what it has while it runs', async () => {
    const job = new DistributedFactor(-4n * P * HARD);
    expect(job.primeFactors).to.deep.equal([
      [-1n, 1],
      [2n, 2],
    ]);
    expect(job.compositeFactors).to.deep.equal([[P * HARD, 1]]);
    const { server, port } = start(job);
    while (job.primeFactors.length < 3) {
      port.deliver();
      await server.work();
      port.tell();
      await nextTurn();
    }
    expect(job.done).to.equal(false);
    expect(String(job)).to.equal(`-1 * 2^2 * ${P} * (${HARD})`);
    expect(job.stage).to.match(/ (on|for) a 62-digit number$/);
    await job.stop();
  });

  it('completes with a part when its limit is reached', async () => {
    const job = await run(8n * P * HARD, { maxCurves: 6, maxSieveDigits: 0 });
    expect(job.status).to.equal('completed');
    expect(job.result).to.deep.equal([
      [2n, 3],
      [P, 1],
    ]);
    expect(job.compositeFactors).to.deep.equal([[HARD, 1]]);
    expect(
      (await run(P * HARD, { maxB1: 200, maxCurves: 3, maxSieveDigits: 0 })).compositeFactors,
    ).to.deep.equal([[HARD, 1]]);
  });

  it('does not believe what a worker answers', async () => {
    const wrong: unknown[] = [7n, 1n, 0n, -P, P * Q * R, P * 2n, 'P', undefined, null];
    let given = 0;
    class Liar extends OnWorker {
      override compute(task: FactorTask): Promise<FactorAnswer> {
        given += 1;
        if (given > 9) return super.compute(task);
        return Promise.resolve({ divisor: wrong[given - 1] } as FactorAnswer);
      }
    }
    const job = new DistributedFactor(P * R);
    const { server, port } = start(job, new Liar(1));
    await drive(job, server, port);
    expect(job.result).to.deep.equal([
      [P, 1],
      [R, 1],
    ]);
    expect(job.wrongAnswers).to.equal(9);
    expect(server.tasks).to.have.lengthOf(10);
  });

  it('gives up when there are nothing but wrong answers', async () => {
    class Liar extends OnWorker {
      override compute(): Promise<FactorAnswer> {
        return Promise.resolve({ divisor: 7n });
      }
    }
    const job = new DistributedFactor(P * R);
    const { server, port } = start(job, new Liar(1));
    await drive(job, server, port);
    expect(job.error)
      .to.have.property('message')
      .that.matches(/101 wrong answers, the last to split on/);
  });

  it('tries a failed task again, and goes on without one that is only one of many', async () => {
    class Fragile extends OnWorker {
      override compute(task: FactorTask): Promise<FactorAnswer> {
        if (task.method === 'ecm' && task.first > 0) return super.compute(task);
        return Promise.reject(new Error('out of luck'));
      }
    }
    const job = new DistributedFactor(HARD, { maxCurves: 8, maxSieveDigits: 0 });
    const { server, port } = start(job, new Fragile(1));
    await drive(job, server, port);
    expect(job.status).to.equal('completed');
    expect(job.progress.failed).to.equal(12);
    const small = new DistributedFactor(P * R);
    const other = start(small, new Fragile(1));
    await drive(small, other.server, other.port);
    expect(small).to.include({ status: 'failed' });
  });

  it('stops the tasks for a number that is split', async () => {
    const job = new DistributedFactor(P * HARD, { maxCurves: 20, maxSieveDigits: 0 });
    const { server, port } = start(job);
    await drive(job, server, port);
    expect(server.killed.length).to.be.greaterThan(0);
    expect(job.primeFactors).to.deep.equal([[P, 1]]);
  });

  it('comes to the same after any crash, and computes nothing twice', async () => {
    const n = P ** 2n * Q * R * (10n ** 12n + 39n);
    const expected = (await run(n)).result;
    expect(expected).to.have.lengthOf(4);
    for (let seed = 1; seed <= 6; seed += 1) {
      const random = new Random(seed);
      const server = new SimulatedServer(new OnWorker(1), random);
      for (let life = 0; ; life += 1) {
        const job = new DistributedFactor(n);
        const port = server.port();
        new Coordinator(job, port).start();
        const turns = life >= 8 ? 5_000 : random.int(0, 14);
        for (let turn = 0; turn < turns && !job.done; turn += 1) {
          if (random.chance(0.7)) port.deliver(random.int(0, 3));
          if (random.chance(0.6)) await server.work();
          if (random.chance(0.7)) port.tell(random.int(0, 3));
          await nextTurn();
        }
        port.close();
        if (!job.done) continue;
        expect(job.result, `seed ${seed}`).to.deep.equal(expected);
        expect(job.compositeFactors).to.deep.equal([]);
        break;
      }
      expect(Math.max(...Object.values(server.computed))).to.equal(1);
    }
  });

  it('uses the form of b^e + 1, unless it is told not to', () => {
    const job = new DistributedFactor('11^150+1');
    expect(job.compositeFactors.length).to.be.greaterThan(1);
    expect(new DistributedFactor('11^150+1', { algebraic: false }).compositeFactors).to.have.lengthOf(1);
  });

  it('is made again from its parameters, which travel', () => {
    const job = new DistributedFactor('-(2^64+1)', { maxB1: 2_000, maxCurves: 7 });
    expect(job.parameters).to.deep.equal({ n: -(2n ** 64n) - 1n, maxB1: 2_000, maxCurves: 7 });
    const again = DistributedFactor.fromParameters(decodeValue(encodeValue(job.parameters)));
    expect(again.parameters).to.deep.equal(job.parameters);
    for (const wrong of [undefined, {}, { n: 5 }, 7n]) {
      expect(() => DistributedFactor.fromParameters(wrong)).to.throw(DsageError, /made from/);
    }
  });

  it('refuses 0 and limits that are none', () => {
    expect(() => new DistributedFactor(0)).to.throw(DsageError, /0 has no factorization/);
    expect(() => new DistributedFactor('5-5')).to.throw(DsageError, /0 has no factorization/);
    for (const maxB1 of [0, 199, 1.5, NaN, Infinity]) {
      expect(() => new DistributedFactor(5, { maxB1 }), `${maxB1}`).to.throw(DsageError, /maxB1/);
    }
    expect(() => new DistributedFactor(5, { maxCurves: -1 })).to.throw(DsageError, /maxCurves/);
    for (const maxSieveDigits of [-1, 2.5, 111])
      expect(() => new DistributedFactor(5, { maxSieveDigits })).to.throw(DsageError, /maxSieveDigits/);
    const algebraic = 'no' as unknown as boolean;
    expect(() => new DistributedFactor(5, { algebraic })).to.throw(DsageError, /algebraic/);
  });
});
