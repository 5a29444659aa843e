import { expect } from 'chai';

import { primesUpTo } from '#dsage/jobs/factor/primes.js';
import { planStageTwo, shapedPlan, stageTwoPlan } from '#dsage/jobs/factor/stage-two-plan.js';
import type { StageTwoPlan } from '#dsage/jobs/factor/stage-two-plan.js';

/** The numbers that differences of a plan cover. */
function covered({ step, babies, firstGiant, giants, places, ends }: StageTwoPlan): Set<number> {
  const numbers = new Set<number>();
  expect(ends).to.have.lengthOf(giants);
  expect(ends.at(-1) ?? 0).to.equal(places.length);
  for (let giant = 0, at = 0; giant < giants; giant += 1) {
    for (; at < ends[giant]!; at += 1) {
      const middle = (firstGiant + giant) * step;
      const baby = babies[places[at]!]!;
      numbers.add(middle - baby).add(middle + baby);
    }
  }
  return numbers;
}

describe('the plan of stage 2', () => {
  for (const [b1, b2] of [
    [30, 1_000_000],
    [200, 20_000],
    [1_500, 150_000],
    [2_000, 200_000],
    [11_000, 1_900_000],
    [50_000, 5_000_000],
    [1_000_000, 3_000_000],
    [1_822_795_200, 1_822_795_201],
    [1_822_795_201, 1_822_795_203],
  ] as const) {
    it(`has every prime from ${b1} to ${b2}`, () => {
      const numbers = covered(stageTwoPlan(b1, b2));
      const missed = (b2 < 1e8 ? primesUpTo(b2) : [1_822_795_201]).filter(
        (prime) => prime > b1 && !numbers.has(prime) && [2, 3, 5, 7].every((small) => prime % small !== 0),
      );
      expect(missed).to.deep.equal([]);
    });
  }

  it('covers nearly two primes with each difference where babies go far', () => {
    const primes = primesUpTo(1_000_000).length - primesUpTo(10_000).length;
    const plans = [1, 4, 16].map((halfSteps) => {
      const planning = shapedPlan({ b1: 10_000, b2: 1_000_000 }, 2_310, halfSteps);
      for (;;) {
        const next = planning.next();
        if (next.done === true) return next.value;
      }
    });
    const shares = plans.map(({ places }) => places.length / primes);
    expect(shares[0]).to.be.within(0.7, 0.9);
    expect(shares[1]).to.be.within(0.58, 0.68);
    expect(shares[2]).to.be.within(0.5, 0.56);
  });

  it('pauses while it is made, and is kept', () => {
    const planning = planStageTwo(1_000, 4_000_000);
    let pauses = 0;
    let next = planning.next();
    for (; next.done !== true; next = planning.next()) pauses += 1;
    expect(pauses).to.be.greaterThan(5);
    expect(planStageTwo(1_000, 4_000_000).next()).to.deep.equal({ done: true, value: next.value });
  });
});
