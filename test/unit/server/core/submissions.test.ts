import { expect } from 'chai';

import { payloads, ServerLab } from '../../../support/server-lab.js';

describe('submissions', () => {
  it('stores a job with its tasks before it accepts it', () => {
    const lab = new ServerLab();
    const job = lab.submit({ tasks: 3 });
    expect(lab.sends('accept')).to.deep.equal([
      { type: 'accept', session: 'ada/session', seq: 1, job, taskCount: 3 },
    ]);
    expect(lab.store.job(job)).to.deep.include({ owner: 'ada', seq: 1 });
    expect(lab.store.tasks(job, 0, 3).map(String)).to.deep.equal(['task 0', 'task 1', 'task 2']);
    expect(lab.status(job)).to.equal('waiting');
  });

  it('numbers jobs on from the highest number that was ever used', () => {
    const lab = new ServerLab();
    const first = lab.submit({ tasks: 0 });
    lab.do({ type: 'jobs-forgotten', request: 1, jobs: [first] }).restart();
    expect(lab.submit()).to.equal(first + 1);
  });

  it('takes a repeat for what it is: unfinished, ended in this very batch, evicted, or ended long ago', () => {
    const lab = new ServerLab();
    const open = lab.submission({ tasks: 2, seq: 1 });
    lab.do(open, open);
    lab.do(open);
    expect(lab.state.lastJob).to.equal(1);
    expect(lab.sends('refuse')).to.deep.equal([]);
    expect(lab.sends('accept').at(-1)).to.deep.include({ seq: 1, job: 1, taskCount: 2 });
    const empty = lab.submission({ tasks: 0, seq: 2 });
    lab.do(empty, empty);
    lab.do(empty);
    expect(lab.state.lastJob).to.equal(2);
    expect(lab.sends('accept')[0]).to.include({ seq: 2, job: 2, taskCount: 0 });
    lab.restart().do({ ...empty, repeatOf: { job: 2, taskCount: 0 } });
    expect(lab.sends('accept')[0]).to.include({ seq: 2, job: 2, taskCount: 0 });
    expect(lab.state.lastJob).to.equal(2);
  });

  it('takes from a repeat what the first message did not say: its end, and more tasks', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    lab.do(lab.submission({ tasks: 1, closed: false, seq: 1 }));
    const repeat = lab.submission({ tasks: 2, closed: true, seq: 1 });
    lab.do(repeat);
    expect(lab.sends('accept').at(-1)).to.include({ job: 1, taskCount: 2 });
    lab.answers(worker, { job: 1, index: 0, attempt: 1 }, { job: 1, index: 1, attempt: 1 });
    expect(lab.status(1)).to.equal('completed');
  });

  it('accepts a repeat as far as it is stored, when there is no room for the rest', () => {
    const lab = new ServerLab({ maxWaitingTasks: 3 });
    lab.do(lab.submission({ tasks: 2, closed: false, seq: 1 }));
    lab.do(lab.submission({ tasks: 4, closed: true, seq: 1 }));
    expect(lab.effects.sends.map(({ type }) => type)).to.deep.equal(['accept', 'refuse']);
    expect(lab.sends('accept')[0]).to.include({ job: 1, taskCount: 2 });
    expect(lab.sends('refuse')[0]?.problem).to.include({ code: 'queue-full' });
    expect(lab.store.job(1)?.state).to.include({ closed: false, taskCount: 2 });
  });

  it('ends a closed job without tasks at once, and leaves an open one open', () => {
    const lab = new ServerLab();
    expect(lab.status(lab.submit({ tasks: 0 }))).to.equal('completed');
    const open = lab.submit({ tasks: 0, closed: false });
    expect(lab.status(open)).to.equal('waiting');
    lab.do(more(open, 0, 0, true));
    expect(lab.status(open)).to.equal('completed');
  });

  it('adds tasks in order, skips what it has, and refuses a gap', () => {
    const lab = new ServerLab();
    const job = lab.submit({ tasks: 2, closed: false });
    lab.do(more(job, 2, 3, false));
    expect(lab.sends('accept')[0]).to.include({ job, taskCount: 5 });
    lab.do(more(job, 1, 6, false));
    expect(lab.sends('accept')[0]).to.include({ job, taskCount: 7 });
    expect(lab.store.tasks(job, 5, 2).map(String)).to.deep.equal(['task 5', 'task 6']);
    lab.do(more(job, 9, 1, false));
    expect(lab.sends('refuse')[0]?.problem).to.deep.include({ code: 'invalid-argument' });
    expect(lab.effects.writes).to.deep.equal([]);
  });

  it('takes tasks by the number that the session gave the job, in the same batch too', () => {
    const lab = new ServerLab();
    const first = lab.submission({ tasks: 1, closed: false, seq: 9 });
    lab.do(first, { ...more(0, 1, 2, true), target: { seq: 9 } });
    expect(lab.sends('accept').map(({ taskCount }) => taskCount)).to.deep.equal([1, 3]);
    expect(lab.store.job(1)?.state).to.include({ taskCount: 3, closed: true });
  });

  it('refuses tasks for a closed, ended, unknown or foreign job, and says which', () => {
    const lab = new ServerLab();
    const closed = lab.submit({ tasks: 1 });
    const ended = lab.submit({ tasks: 0 });
    const problem = (job: number, owner?: string) => {
      lab.do({ ...more(job, 1, 1, false), ...(owner === undefined ? {} : { owner }) });
      return lab.sends('refuse')[0]?.problem;
    };
    expect(problem(closed)).to.deep.include({ code: 'failed-precondition' });
    expect(problem(closed)?.message).to.contain('is closed');
    expect(problem(ended)).to.deep.include({ code: 'failed-precondition' });
    expect(problem(99)).to.deep.include({ code: 'failed-precondition' });
    expect(problem(closed, 'bob')).to.deep.include({ code: 'permission-denied' });
  });

  it('lets an admin add to anybody’s job', () => {
    const lab = new ServerLab();
    const job = lab.submit({ tasks: 0, closed: false });
    lab.do({ ...more(job, 0, 1, true), owner: 'root', isAdmin: true });
    expect(lab.sends('accept')[0]).to.include({ job, taskCount: 1 });
  });

  it('refuses what does not fit the queue, names the limit, and changes nothing', () => {
    const lab = new ServerLab({ maxWaitingTasks: 5, maxUnfinishedJobs: 2, maxTasksPerJob: 4 });
    const open = lab.submit({ tasks: 3, closed: false });
    lab.do(lab.submission({ tasks: 3 }));
    expect(lab.sends('refuse')[0]?.problem).to.deep.include({ code: 'queue-full' });
    expect(lab.sends('refuse')[0]?.problem.message).to.contain('maxWaitingTasks');
    expect(lab.effects.writes).to.deep.equal([]);
    lab.do(more(open, 3, 2, false));
    expect(lab.sends('refuse')[0]?.problem).to.deep.include({ code: 'limit-exceeded' });
    lab.submit({ tasks: 1 });
    lab.do(lab.submission({ tasks: 0 }));
    expect(lab.sends('refuse')[0]?.problem.message).to.contain('maxUnfinishedJobs');
    expect(lab.state.lastJob).to.equal(2);
  });

  it('lets a job be closed, and a repeat be said, while the queue is full', () => {
    const lab = new ServerLab({ maxWaitingTasks: 2 });
    const worker = lab.worker();
    const job = lab.submit({ tasks: 2, closed: false });
    lab.submit({ tasks: 2 });
    // Both leases come back: now more tasks wait than the limit allows for new ones.
    lab.register(worker);
    lab.disconnect(worker).pass(31_000);
    expect(lab.state.waitingTasks).to.equal(4);
    lab.do(more(job, 0, 2, true));
    expect(lab.sends('accept')[0]).to.include({ job, taskCount: 2 });
    expect(lab.store.job(job)?.state.closed).to.equal(true);
  });
});

function more(job: number, firstIndex: number, count: number, closed: boolean) {
  const tasks = { firstIndex, payloads: payloads(count, firstIndex), closed };
  const from = { session: 'ada/session', connection: 1, seq: 77, owner: 'ada', isAdmin: false };
  return { type: 'tasks-submitted' as const, target: { job }, ...from, ...tasks };
}
