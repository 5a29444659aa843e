import { expect } from 'chai';

import { Estimate } from '#dsage/jobs/factor/estimate.js';

describe('an estimate of the time that is left', () => {
  it('goes by how the fraction grew', () => {
    const estimate = new Estimate();
    expect(estimate.left(0, 0)).to.equal(undefined);
    estimate.note(0, 1_000);
    expect(estimate.left(0, 2_000)).to.equal(undefined);
    for (let second = 1; second <= 10; second += 1) estimate.note(second / 100, 1_000 + 1_000 * second);
    expect(estimate.left(0.1, 11_000)).to.be.closeTo(90, 0.01);
  });

  it('forgets what is long ago, such as a replay that took no time', () => {
    const estimate = new Estimate();
    estimate.note(0, 0);
    estimate.note(0.5, 10);
    for (let second = 1; second <= 60; second += 1) estimate.note(0.5 + second / 1_000, 1_000 * second);
    expect(estimate.left(0.56, 60_000)).to.be.closeTo(440, 5);
  });

  it('begins anew with something that has not come so far', () => {
    const estimate = new Estimate();
    for (let second = 0; second <= 20; second += 1) estimate.note(second / 20, 1_000 * second);
    estimate.note(0.1, 21_000);
    estimate.note(0.2, 22_000);
    expect(estimate.left(0.2, 22_000)).to.be.closeTo(8, 0.01);
  });
});
