import { expect } from 'chai';

import { Lab, lease } from './lab.js';

const RENEW_MS = 5000;

describe('worker core: starts of tasks', () => {
  const told = (lab: Lab): number[][] =>
    lab.of('renew').flatMap(({ running }) => running.map(({ index, runMs }) => [index, runMs]));

  it('are told once each, within a second or so, with how long the task has run', () => {
    const lab = new Lab().connect().pass(2_000).lease(1, { count: 2 });
    expect(told(lab)).to.deep.equal([]);
    expect(told(lab.pass(1_300))).to.deep.equal([
      [0, 100],
      [1, 100],
    ]);
    expect(told(lab.pass(2 * RENEW_MS))).to.deep.equal([]);
  });

  it('are not of tasks that wait at the worker', () => {
    const lab = new Lab(1).connect().lease(1, { count: 3 });
    expect(told(lab.pass(3_000))).to.deep.equal([[0, 100]]);
  });

  it('cost short tasks nothing: no renewal, whatever their number', () => {
    const lab = new Lab(1).connect();
    // The pace is learnt first.
    for (let index = 0; index < 20; index += 1)
      lab.lease(1, { first: index }).pass(5).end(0, lease(1, index));
    lab.pass(900);
    let renewals = 0;
    for (let index = 20; index < 220; index += 1) {
      lab.lease(1, { first: index }).pass(5);
      renewals += lab.of('renew').filter(({ running }) => running.length > 0).length;
      lab.end(0, lease(1, index));
      renewals += lab.of('renew').filter(({ running }) => running.length > 0).length;
    }
    expect(renewals).to.equal(0);
  });

  it('make at most one renewal a second, however many tasks begin', () => {
    const lab = new Lab(4).connect();
    let renewals = 0;
    for (let index = 0; index < 40; index += 1) {
      lab.lease(1, { first: index }).pass(110);
      renewals += lab.of('renew').filter(({ running }) => running.length > 0).length;
      lab.end(0, lease(1, index));
    }
    expect(renewals).to.be.within(1, 6);
  });

  it('are told again to a server that is new, and of coordinators too', () => {
    const lab = new Lab(1, 1).connect().lease(1, { count: 2, detached: true });
    lab.pass(2_000);
    lab.do({ type: 'disconnected' }).pass(100).connect();
    const again = told(lab);
    expect(again.map(([index]) => index).sort()).to.deep.equal([0, 1]);
  });
});
