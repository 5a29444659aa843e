import { expect } from 'chai';

import { computeFactor } from '#dsage/jobs/factor/compute.js';
import { sigmaOf } from '#dsage/jobs/factor/compute-curves.js';
import { CurveKernel } from '#dsage/jobs/factor/kernel/curve.js';

/** A product of two primes that no curve here finds. */
const BIG = (2n ** 127n - 1n) * (2n ** 107n - 1n);

function watch(signal = new AbortController().signal) {
  const fractions: number[] = [];
  return { fractions, watch: { signal, progress: (fraction: number) => void fractions.push(fraction) } };
}

describe('a task of curves', () => {
  const p = 1_238_926_361_552_897n;

  it('answers with the divisor and the curve that found it, whatever stands beside it', async () => {
    const n = 2n ** 256n + 1n;
    const bounds = { b1: 2_000, b2: 200_000 };
    const kernel = new CurveKernel(n);
    const lucky = Array.from({ length: 200 }, (_, curve) => curve).find(
      (curve) => kernel.curve(sigmaOf(n, curve), bounds) === p,
    );
    expect(lucky).to.be.a('number');
    for (const before of [0, 1, 2, 3, 6]) {
      const task = { method: 'ecm', n, ...bounds, first: lucky! - before, curves: 10 } as const;
      const answer = await computeFactor(task, watch().watch);
      expect(answer, `${before} before`).to.deep.equal({ divisor: p, sigma: sigmaOf(n, lucky!) });
    }
  });

  it('says how far it is, with all its curves', async () => {
    const { fractions, watch: watching } = watch();
    const task = { method: 'ecm', n: BIG, b1: 200, b2: 20_000, first: 0, curves: 10 } as const;
    expect(await computeFactor(task, watching)).to.deep.equal({ divisor: null });
    expect(fractions).to.deep.equal([0.4, 0.8, 1]);
  });

  for (const [name, task] of [
    ['curves', { method: 'ecm', n: BIG, b1: 1_000_000, b2: 100_000_000, first: 0, curves: 4 }],
    ['p - 1', { method: 'p-1', n: BIG, b1: 1_000_000, b2: 2_000_000 }],
  ] as const) {
    it(`ends in the midst of ${name} when it is no longer wanted`, async () => {
      const controller = new AbortController();
      const running = computeFactor(task, watch(controller.signal).watch);
      let turns = 0;
      const turn = () => {
        turns += 1;
        if (turns === 3) controller.abort(new Error('enough'));
        else setImmediate(turn);
      };
      setImmediate(turn);
      const failure = await running.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).to.be.an('error').with.property('message', 'enough');
    });
  }

  it('takes numbers that are too large for the kernel', async () => {
    const n = 10_007n * (2n ** 1_279n - 1n);
    const task = { method: 'ecm', n, b1: 200, b2: 0, first: 0, curves: 20 } as const;
    expect(CurveKernel.fits(n)).to.equal(false);
    expect(await computeFactor(task, watch().watch)).to.have.property('divisor', 10_007n);
    const minusOne = { method: 'p-1', n: 3_001n * (2n ** 1_279n - 1n), b1: 200, b2: 1_000 } as const;
    expect(await computeFactor(minusOne, watch().watch)).to.have.property('divisor', 3_001n);
  });
});
