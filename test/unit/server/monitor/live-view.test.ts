import { setTimeout as pause } from 'node:timers/promises';

import { expect } from 'chai';
import fc from 'fast-check';

import type { JobStatus } from '#dsage/model/status.js';
import { statusOf } from '#dsage/server/core/state.js';
import { LiveView } from '#dsage/server/monitor/view/live-view.js';

import { Random } from '../../../support/random.js';
import { History } from '../../../support/server-history.js';
import { ServerLab } from '../../../support/server-lab.js';

describe('the live view of jobs', () => {
  it('counts as a recount does, whatever comes, and from the start of a server on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 10, max: 100 }),
        async (seed, length) => {
          const random = new Random(seed);
          const history = new History(random);
          let { view, state } = watch(history.lab);
          try {
            for (let step = 0; step < length; step += 1) {
              history.step();
              if (history.lab.state !== state) {
                view.stop();
                ({ view, state } = watch(history.lab));
              }
              if (random.chance(0.1)) await pause(0);
              if (view.isCounted) compare(view, history.lab);
            }
            while (!view.isCounted) await pause(0);
            compare(view, history.lab);
          } finally {
            view.stop();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps tasks per second and slots, a value a second', () => {
    const { lab, view } = begin();
    const worker = lab.worker({ slots: 3 });
    lab.renew(worker, 4);
    const job = lab.submit({ tasks: 2 });
    lab.answers(worker, { job, index: 0, attempt: 1 }, { job, index: 1, attempt: 1 });
    view.tick();
    lab.now += 3_000;
    view.tick();
    const { tasksPerSecond, slots, endMs } = view.history();
    expect(tasksPerSecond).to.deep.equal([2, 0, 0, 0]);
    expect(slots).to.deep.equal([3, 3, 3, 3]);
    expect(endMs).to.equal(lab.now);
  });

  it('keeps no more than ten minutes', () => {
    const { lab, view } = begin();
    for (let second = 0; second < 700; second += 1) {
      lab.now += 1_000;
      view.tick();
    }
    expect(view.history().slots).to.have.lengthOf(600);
  });

  it('shows the newest failures, each to its owner and to admins', () => {
    const { lab, view } = begin();
    const worker = lab.worker();
    for (const owner of ['ada', 'bob', 'ada']) {
      lab.renew(worker, 4);
      const job = lab.submit({ owner, name: `of ${owner}`, limits: { maxAttempts: 1 } });
      lab.answers(worker, { job, index: 0, attempt: 1, outcome: 'failed' });
    }
    expect(view.failures(undefined).map(({ job }) => job)).to.deep.equal([3, 2, 1]);
    expect(view.failures('bob').map(({ name }) => name)).to.deep.equal(['of bob']);
    expect(view.failures('bob')[0]?.message).to.equal('failed 2/0#1');
    lab.do({ type: 'jobs-forgotten', request: 1, jobs: [2] });
    expect(view.failures('bob')).to.deep.equal([]);
  });

  it('finds the jobs that run first among many', () => {
    const { lab, view } = begin({ maxUnfinishedJobs: 100_000 });
    lab.do(...Array.from({ length: 300 }, () => lab.submission({ owner: 'bob', tasks: 2 })));
    const urgent = lab.submit({ owner: 'ada', priority: 1 });
    const worker = lab.worker({ slots: 1 });
    lab.renew(worker, 1);
    const paused = lab.submit({ owner: 'ada' });
    lab.do({ type: 'jobs-paused', request: 1, jobs: [paused] });
    const [first] = view.active(undefined);
    expect(first).to.include({ id: urgent, status: 'processing' });
    expect(view.active(undefined)).to.have.lengthOf(20);
    expect(view.active('ada').map(({ id }) => id)).to.deep.equal([urgent, paused]);
    expect(view.table.unfinished('ada')).to.equal(2);
    expect(view.table.unfinished(undefined)).to.equal(302);
  });

  it('says of how many tasks no worker that is here could run them', () => {
    const { lab, view } = begin();
    const job = lab.submit({ tasks: 5, labels: ['gpu'] });
    const stuck = () => view.active(undefined).find(({ id }) => id === job)?.stuck;
    expect(stuck()).to.equal(5);
    lab.worker();
    view.tick();
    expect(stuck()).to.equal(5);
    const worker = lab.worker({ labels: ['gpu'] });
    view.tick();
    expect(stuck()).to.equal(0);
    lab.disconnect(worker);
    view.tick();
    // It holds two of them, and may come back.
    expect(stuck()).to.equal(3);
  });

  it('raises the version of a user’s jobs when one of them changes, and no other’s', () => {
    const { lab, view } = begin();
    lab.submit({ owner: 'ada' });
    const [ada, bob, all] = [view.version('ada'), view.version('bob'), view.version(undefined)];
    lab.submit({ owner: 'bob' });
    expect(view.version('ada')).to.equal(ada);
    expect(view.version('bob')).to.be.above(bob);
    expect(view.version(undefined)).to.be.above(all);
  });
});

function begin(config: ConstructorParameters<typeof ServerLab>[0] = {}) {
  const lab = new ServerLab(config);
  const view = new LiveView({ state: lab.state, store: lab.store, now: () => lab.now });
  lab.onSend = (send) => {
    view.note(send);
  };
  return { lab, view };
}

function watch(lab: ServerLab) {
  const { state, store } = lab;
  const view = new LiveView({ state, store, now: () => lab.now });
  view.start();
  lab.onSend = (send) => {
    view.note(send);
  };
  return { view, state };
}

function compare(view: LiveView, { state, store }: ServerLab): void {
  const counts: Record<JobStatus, number> = {
    ...{ waiting: 0, processing: 0, completed: 0, failed: 0, killed: 0, paused: 0 },
  };
  for (const record of store.jobs({ newestFirst: false })) {
    const live = state.jobs.get(record.id);
    const status = live === undefined ? record.state.status : statusOf(live);
    counts[status] += 1;
    expect(view.table.status(record.id), `job ${record.id}`).to.equal(status);
    expect(view.table.owner(record.id)).to.equal(record.owner);
  }
  expect(view.table.counts).to.deep.equal(counts);
}
