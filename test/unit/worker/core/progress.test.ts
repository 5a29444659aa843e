import { expect } from 'chai';

import type { Report } from '#dsage/worker/core/events.js';

import { ended, Lab, lease } from './lab.js';

const RENEW_MS = 5000;

function progress(slot: number, index: number, fraction: number): Report {
  return { type: 'progress', slot, lease: lease(1, index), fraction };
}

describe('worker core: progress of tasks', () => {
  const told = (lab: Lab): unknown[] => lab.of('renew').flatMap((effect) => effect.progress);

  it('is told within a second, the latest of each task, once', () => {
    const lab = new Lab().connect().lease(1, { count: 2 });
    lab.report(progress(0, 0, 0.1)).report(progress(0, 0, 0.2), progress(1, 1, 0.5));
    expect(told(lab)).to.deep.equal([]);
    lab.pass(1000);
    expect(told(lab)).to.deep.equal([
      { job: 1, index: 0, attempt: 1, fraction: 0.2 },
      { job: 1, index: 1, attempt: 1, fraction: 0.5 },
    ]);
    expect(told(lab.pass(2 * RENEW_MS))).to.deep.equal([]);
  });

  it('makes at most one renewal a second', () => {
    const lab = new Lab(1).connect().lease(1);
    let renewals = 0;
    lab.pass(10_000);
    for (let n = 0; n < 100; n += 1) {
      lab.report(progress(0, 0, n / 100));
      renewals += lab.of('renew').length;
      lab.pass(50);
      renewals += lab.of('renew').length;
    }
    expect(renewals).to.be.within(4, 6);
  });

  it('is not told of a task that has ended, and is told again to a server that is new', () => {
    const lab = new Lab(2).connect().lease(1, { count: 2 });
    lab.report(progress(0, 0, 0.3), progress(1, 1, 0.6)).end(1, lease(1, 1));
    expect(told(lab.pass(1000))).to.deep.equal([{ job: 1, index: 0, attempt: 1, fraction: 0.3 }]);
    lab.do({ type: 'disconnected' }).connect();
    expect([...told(lab), ...told(lab.pass(1000))]).to.deep.equal([
      { job: 1, index: 0, attempt: 1, fraction: 0.3 },
    ]);
    lab.report(ended(0, lease(1, 0)));
    lab.pass(RENEW_MS);
    expect(lab.state.progress.size).to.equal(0);
  });
});
