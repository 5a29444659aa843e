/* eslint @typescript-eslint/no-unsafe-call: off, @typescript-eslint/no-unsafe-return: off,
   @typescript-eslint/no-unsafe-member-access: off, @typescript-eslint/no-unsafe-argument: off -- the snippet of the design has no types */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { parallel } from '#dsage/local/parallel.js';
import { DsageError, KilledError, TaskFailedError } from '#dsage/model/errors.js';
import { fraction } from '#dsage/wire/fraction.js';
import type { Fraction } from '#dsage/wire/fraction.js';

import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { Endless } from '../support/endless.js';
import { rejection } from '../support/rejection.js';
import { removeTempDirs } from '../support/temp-dir.js';

/** As many outputs as are many, each of this many characters; what they may leave in memory, MiB. */
const MANY = 100_000;
const OUTPUT_LENGTH = 500;
const MAX_GROWTH_MB = 30;

describe('d.parallelIter', () => {
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

  it('adds exactly, as the design says word for word', async () => {
    const outputs: Fraction[] = [];
    const P = parallel({ pIter: d.parallelIter });
    const g = P((n, m) => n.add(m));
    for await (const [input, output] of g([
      [fraction(1), fraction(2)],
      [fraction(5), fraction(10, 3)],
    ])) {
      expect(input).to.have.length(2);
      outputs.push(output as Fraction);
    }
    expect(outputs.map((output) => output.toFraction()).sort()).to.deep.equal(['25/3', '3']);
  });

  it('gives outputs in the order in which they finish, each with the input that was given', async () => {
    const wait = parallel({ pIter: d.parallelIter })(
      async (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms + 1), ms)),
    );
    const slow: [number] = [600];
    const seen: unknown[] = [];
    for await (const [input, output] of wait([slow, 10])) seen.push(input, output);
    expect(seen).to.deep.equal([10, 11, [600], 601]);
    expect(seen[2]).to.equal(slow);
  });

  it('ships decorated methods, scopes and options', async () => {
    const P = parallel({ pIter: d.parallelIter, scope: { offset: 10 }, name: 'sums' });
    class Sums {
      readonly kind = 'sums';
      @P static add(this: void, n: number, m: number) {
        return n + m + offset;
      }
    }
    for await (const [, output] of P(Sums.add)([[1, 2]])) expect(output).to.equal(13);
    expect((await d.getMyJobs())[0]!.name).to.equal('sums');
    expect(() => parallel({ pIter: d.parallelIter })((n: number) => n + offset)([1])).to.throw(/uses offset/);
    const wrong = { pIter: d.parallelIter, window: 0 };
    expect(() => parallel(wrong)((n: number) => n)([1])).to.throw(/window is 0/);
  });

  it('kills the job when the loop over endless inputs is left, and closes them', async () => {
    const numbers = new Endless();
    const g = parallel({ pIter: d.parallelIter, name: 'endless', window: 500 })((n: number) => n * n);
    let seen = 0;
    for await (const [n, square] of g(numbers)) {
      expect(square).to.equal(n * n);
      expect(numbers.read).to.be.at.most(seen + 1 + 500);
      if (++seen === 2000) break;
    }
    expect(numbers.isClosed).to.equal(true);
    const [job] = await d.getMyJobs();
    await eventually('the job is killed', async () => (await d.jobInfo(job!.id!)).status === 'killed');
    expect((await d.jobInfo(job!.id!)).reason).to.contain('the loop over its outputs was left');
  });

  it('throws the error of the first input that fails, with the input, and kills the job', async () => {
    const g = parallel({ pIter: d.parallelIter, maxAttempts: 2, name: 'failing' })(async (
      n: number,
      m: number,
    ) => {
      if (m === 0) throw new RangeError('division by zero');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return n / m;
    });
    const error = await rejection(
      consume(
        g([
          [1, 1],
          [1, 0],
        ]),
      ),
    );
    expect(error).to.be.instanceOf(TaskFailedError);
    expect(error.message).to.match(/^Input \[ 1, 0 \]: Task 1 of job \d+ .*attempt 2.*division by zero/s);
    expect(error.cause).to.be.instanceOf(RangeError);
    expect((await d.getMyJobs())[0]!.status).to.equal('killed');
  });

  it('gives errors in their places when asked to', async () => {
    const g = parallel({ pIter: d.parallelIter, maxAttempts: 1, onError: 'yield' })((n: number) => {
      if (n % 2 === 0) throw new Error(`${n} is even`);
      return n;
    });
    const outputs = new Map<number, unknown>();
    for await (const [n, output] of g([1, 2, 3, 4])) outputs.set(n, output);
    expect([outputs.get(1), outputs.get(3)]).to.deep.equal([1, 3]);
    for (const n of [2, 4]) {
      expect(outputs.get(n)).to.be.instanceOf(DsageError);
      expect((outputs.get(n) as DsageError).message).to.contain(`${n} is even`);
    }
  });

  it('ends with what the inputs threw, and with the reason when the job is killed', async () => {
    const P = parallel({ pIter: d.parallelIter, onError: 'yield' });
    function* broken() {
      yield 1;
      throw new Error('no more of these');
    }
    expect(await rejection(consume(P((n: number) => n)(broken())))).to.have.property(
      'message',
      'no more of these',
    );
    expect((await rejection(consume(P((n: unknown) => n)([Symbol('s')])))).message).to.contain(
      '$[0] is a symbol',
    );
    const waiting = rejection(
      consume(P(async (_n: number) => new Promise(() => setInterval(() => 0, 1000)))([1, 2])),
    );
    await eventually(
      'the job is there',
      async () => (await d.getMyJobs({ status: 'processing' })).length > 0,
    );
    await d.killAll('enough');
    const error = await waiting;
    expect(error).to.be.instanceOf(KilledError);
    expect(error.message).to.contain('enough');
  });

  it('does not submit what nobody iterates over', async () => {
    const { length } = await d.getMyJobs();
    parallel({ pIter: d.parallelIter })((n: number) => n)([1, 2]);
    await d('1').wait();
    expect((await d.getMyJobs()).length).to.equal(length + 1);
  });

  it('streams many inputs, and keeps only what is on its way', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const memoryMb = (): number => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return (heapUsed + external) / 2 ** 20;
    };
    function* many() {
      for (let n = 0; n < MANY; n++) yield { n };
    }
    const g = parallel({ pIter: d.parallelIter })(({ n }: { n: number }, length = 500) =>
      String(n % 10).repeat(length),
    );
    let count = 0;
    let sum = 0;
    let before = 0;
    for await (const [{ n }, output] of g(many())) {
      expect(output.length).to.equal(OUTPUT_LENGTH);
      count += 1;
      sum += n;
      if (count === 1) before = memoryMb();
      if (count === MANY) expect(memoryMb() - before).to.be.below(MAX_GROWTH_MB);
    }
    expect([count, sum]).to.deep.equal([MANY, (MANY * (MANY - 1)) / 2]);
  });
});

declare const offset: number;

async function consume(outputs: AsyncIterable<unknown>): Promise<void> {
  const seen: unknown[] = [];
  for await (const output of outputs) seen.push(output);
}
