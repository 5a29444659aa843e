import { expect } from 'chai';
import fc from 'fast-check';

import { Random } from '../support/random.js';
import { History } from '../support/server-history.js';

describe('the server’s core', () => {
  it('never contradicts itself, and never ends a task twice, whatever comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 10, max: 120 }), (seed, length) => {
        const history = new History(new Random(seed));
        const completed = new Set<number>();
        for (let step = 0; step < length; step += 1) {
          // The lab checks the state after every transition.
          history.step();
          checkEnds(history);
          checkOrder(history, completed);
        }
      }),
      { numRuns: 400 },
    );
  });
});

/** No task is given out before all jobs that its job waits for have been completed, or are gone. */
function checkOrder({ lab }: History, completed: Set<number>): void {
  for (const { job, state } of lab.writes('put-job-state'))
    if (state.status === 'completed') completed.add(job);
  for (const { job } of lab.sends('lease').flatMap(({ runs }) => runs)) {
    for (const named of lab.store.job(job)?.spec.after ?? []) {
      const isOver = completed.has(named) || lab.store.job(named) === undefined;
      expect(isOver, `job ${job} runs before job ${named}`).to.equal(true);
    }
  }
}

/** The lab has applied the writes: each job's counts must say what the store holds. */
function checkEnds({ lab }: History): void {
  const ended = new Set<string>();
  for (const { job, index } of lab.writes('put-answer')) {
    expect(ended.has(`${job}/${index}`), `task ${job}/${index} ended twice`).to.equal(false);
    ended.add(`${job}/${index}`);
  }
  for (const { id, state } of lab.store.jobs({ newestFirst: false })) {
    const counted = { completed: 0, failed: 0, killed: 0 };
    for (const { status } of lab.store.ends(id, 0)) counted[status] += 1;
    expect(counted.completed).to.equal(state.ends.completed);
    expect(counted.failed).to.equal(state.ends.failed);
    expect(counted.killed).to.be.at.most(state.ends.killed);
    expect([...lab.store.answers(id, 0)]).to.have.lengthOf(
      counted.completed + counted.failed + counted.killed,
    );
  }
}
