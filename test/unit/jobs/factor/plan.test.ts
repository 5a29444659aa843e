import { expect } from 'chai';

import { planFor } from '#dsage/jobs/factor/plan.js';

describe('the plan for a composite number', () => {
  it('is one task for what is small', () => {
    for (const digits of [8, 20, 21, 52])
      expect(planFor(digits, {})).to.include({ isWhole: true, hasSieve: false });
    expect(planFor(53, {}).isWhole).to.equal(false);
    // Where nothing may be sieved, only rho does it in one go.
    expect(planFor(20, { maxSieveDigits: 0 }).isWhole).to.equal(true);
    expect(planFor(21, { maxSieveDigits: 0 })).to.include({
      isWhole: false,
      hasSieve: false,
      isEndless: true,
    });
  });

  it('has few curves before a sieve, more of them for larger numbers, and the sieve ends it', () => {
    let before = 0;
    for (let digits = 53; digits <= 100; digits += 1) {
      const plan = planFor(digits, {});
      expect(plan).to.include({ hasSieve: true, isEndless: false, isWhole: false, hasRho: false });
      const work = plan.levels.reduce((sum, { b1, curves }) => sum + b1 * curves, 0);
      expect(work, `${digits}`).to.be.at.least(before);
      before = work;
    }
  });

  it('has curves without an end beyond the sieve, but for a limit', () => {
    const plan = planFor(101, {});
    expect(plan).to.include({ hasSieve: false, isEndless: true, hasRho: true, hasMinusOne: true });
    expect(plan.levels.length).to.be.greaterThan(5);
    expect(planFor(101, { maxB1: 11_000 })).to.include({ isEndless: false });
    expect(planFor(101, { maxSieveDigits: 110 }).hasSieve).to.equal(true);
    expect(planFor(60, { maxSieveDigits: 59 }).hasSieve).to.equal(false);
  });

  it('keeps to the bound of curves before a sieve too', () => {
    expect(planFor(80, { maxB1: 11_000 }).levels.map(({ b1 }) => b1)).to.deep.equal([2_000, 11_000]);
    expect(planFor(80, { maxB1: 200 }).levels).to.deep.equal([]);
  });
});
