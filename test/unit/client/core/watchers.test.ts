import { expect } from 'chai';

import { Watchers } from '#dsage/client/core/watchers.js';

describe('watchers of jobs', () => {
  const told = (watchers: Watchers<{ name: string }>, job: number): string => {
    const names: string[] = [];
    watchers.forEach(job, ({ name }) => names.push(name));
    return names.join('');
  };
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name })) as [
    { name: string },
    { name: string },
    { name: string },
  ];

  it('are told in the order in which they came, each once', () => {
    const watchers = new Watchers<{ name: string }>();
    for (const watcher of [a, b, a, c, b]) watchers.add(1, watcher);
    watchers.add(2, b);
    expect([told(watchers, 1), told(watchers, 2), told(watchers, 3)]).to.deep.equal(['abc', 'b', '']);
    expect([...watchers.all()]).to.have.members([a, b, c]);
    expect([...watchers.jobs()]).to.deep.equal([1, 2]);
  });

  it('leave in any order, and the last one says so', () => {
    for (const order of [
      [a, b, c],
      [c, b, a],
      [b, a, c],
      [b, c, a],
    ]) {
      const watchers = new Watchers<{ name: string }>();
      for (const watcher of [a, b, c]) watchers.add(1, watcher);
      expect(order.map((watcher) => watchers.delete(1, watcher))).to.deep.equal([false, false, true]);
      expect(order.map((watcher) => watchers.has(1, watcher))).to.deep.equal([false, false, false]);
      expect(watchers.hasJob(1)).to.equal(false);
      expect(watchers.delete(1, a)).to.equal(false);
    }
  });
});
