import { expect } from 'chai';

import { retryDelayMs } from '#dsage/client/core/backoff.js';

describe('client/core/backoff', () => {
  it('doubles from 100 ms to 5 s', () => {
    const delays = [1, 2, 3, 6, 7, 100].map((failures) => retryDelayMs(failures, 0));
    expect(delays).to.deep.equal([100, 200, 400, 3200, 5000, 5000]);
  });

  it('takes a random part of up to a half off', () => {
    expect(retryDelayMs(1, 0.999)).to.be.within(50, 51);
    expect(retryDelayMs(50, 0.5)).to.equal(3750);
  });
});
