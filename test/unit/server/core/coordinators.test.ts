import { expect } from 'chai';

import { explain } from '#dsage/server/core/explain.js';

import { type LabWorker, ServerLab, type Submitting } from '../../../support/server-lab.js';

const detached = (how: Submitting = {}): Submitting => ({ detached: true, ...how });

function labWith(...coordinators: number[]): { lab: ServerLab; workers: LabWorker[] } {
  const lab = new ServerLab();
  return { lab, workers: coordinators.map((count) => lab.worker({ slots: 2, coordinators: count })) };
}

function labWithOne(coordinators = 4): { lab: ServerLab; worker: LabWorker } {
  const lab = new ServerLab();
  return { lab, worker: lab.worker({ slots: 2, coordinators }) };
}

const loads = (lab: ServerLab) => [...lab.state.workers.values()].map(({ coordinating }) => coordinating);
const stateOf = (lab: ServerLab, job: number) => lab.store.job(job)?.state;

describe('a coordinator of a detached job', () => {
  it('runs beside the slots, whatever they are busy with, and takes nothing of tasks', () => {
    const { lab, worker } = labWithOne();
    lab.submit({ tasks: 9, resources: {} });
    expect(lab.held(worker)).to.have.lengthOf(2);
    const job = lab.submit(detached({ tasks: 1, resources: { gpu: 1 }, labels: ['big'], owner: 'bob' }));
    expect(lab.leased(worker)).to.deep.equal([`${String(job)}/0#1`]);
    const live = lab.state.workers.get(worker.number);
    expect(live).to.include({ held: 2, coordinating: 1 });
    expect([...(live?.resourcesUsed ?? [])]).to.deep.equal([]);
    expect([...lab.state.share.keys()]).to.deep.equal(['ada']);
    expect(lab.sends('announce-job').at(-1)?.snapshot).to.deep.include({
      status: 'processing',
      counts: { waiting: 0, processing: 1, completed: 0, failed: 0, killed: 0 },
    });
    lab.renew(worker, 0);
    lab.submit(detached());
    expect(lab.leased(worker)).to.deep.equal(['3/0#1']);
  });

  it('is not given to a slot, and its job’s tasks are, by their labels and resources', () => {
    const { lab, worker } = labWithOne(0);
    const job = lab.submit(detached({ tasks: 4 }));
    expect(lab.leased()).to.deep.equal([`${String(job)}/1#1`, `${String(job)}/2#1`]);
    expect(lab.state.waitingTasks).to.equal(2);
    expect(lab.sends('announce-job').at(-1)?.snapshot.counts).to.include({ waiting: 2, processing: 2 });
    lab.answers(worker, { job, index: 1, attempt: 1 }, { job, index: 2, attempt: 1 });
    lab.answers(worker, { job, index: 3, attempt: 1 });
    expect(lab.status(job)).to.equal('waiting');
    expect(lab.state.jobs.get(job)?.coordinatorWaits).to.equal(true);
  });

  it('goes to the worker with most of its places free, of those that may run it', () => {
    const { lab, workers } = labWith(1, 4);
    for (let job = 0; job < 3; job += 1) lab.submit(detached());
    expect(loads(lab)).to.deep.equal([1, 2]);
    const own = lab.worker({ coordinators: 9, role: 'user', user: 'bob' });
    const strange = lab.worker({ coordinators: 9, evaluators: ['sage'] });
    lab.submit(detached());
    expect(loads(lab)).to.deep.equal([1, 3, 0, 0]);
    lab.submit(detached({ owner: 'bob' }));
    expect(lab.held(own)).to.have.lengthOf(1);
    expect(lab.held(strange)).to.have.lengthOf(0);
    for (const worker of workers) lab.drain(worker);
    lab.submit(detached());
    expect(lab.leased()).to.deep.equal([]);
  });

  it('comes by priority, then in order of arrival', () => {
    const lab = new ServerLab();
    for (const priority of [3, 5, 1, 3]) lab.submit(detached({ priority }));
    lab.worker({ coordinators: 2 });
    expect(lab.leased()).to.deep.equal(['3/0#1', '1/0#1']);
    lab.do({ type: 'priority-set', request: 1, jobs: [2], priority: 1 });
    lab.worker({ coordinators: 1 });
    expect(lab.leased()).to.deep.equal(['2/0#1']);
  });

  it('waits while its job is paused or waits for another one', () => {
    const { lab, worker } = labWithOne();
    const first = lab.submit();
    const job = lab.submit(detached({ after: [first] }));
    expect(lab.leased()).to.deep.equal([]);
    lab.do({ type: 'jobs-paused', request: 1, jobs: [job] });
    lab.answers(worker, { job: first, index: 0, attempt: 1 });
    expect(lab.leased()).to.deep.equal([]);
    lab.do({ type: 'jobs-resumed', request: 1, jobs: [job] });
    expect(lab.leased()).to.deep.equal([`${String(job)}/0#1`]);
  });

  it('is known again after a restart, where it runs and where it waits', () => {
    const { lab, worker } = labWithOne(1);
    const [runs, waits] = [lab.submit(detached({ tasks: 3 })), lab.submit(detached({ tasks: 3 }))];
    lab.restart();
    expect(lab.state.workers.get(worker.number)).to.include({ held: 2, coordinating: 1 });
    expect(lab.state.jobs.get(waits)?.coordinatorWaits).to.equal(true);
    expect(lab.state.jobs.get(runs)?.coordinatorWaits).to.equal(false);
    expect(lab.state.waitingTasks).to.equal(3);
    lab.register(worker, lab.held(worker));
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([]);
    expect(loads(lab)).to.deep.equal([1]);
  });
});

describe('a coordinator that is tried again', () => {
  it('fails its job when it has thrown on every attempt, with what it said', () => {
    const { lab, worker } = labWithOne();
    const job = lab.submit(detached({ tasks: 4, limits: { maxAttempts: 2, maxFailedTasks: 1 } }));
    lab.answers(worker, { job, index: 0, attempt: 1, outcome: 'failed' });
    expect(lab.leased()).to.deep.equal([`${String(job)}/0#2`]);
    lab.answers(worker, { job, index: 0, attempt: 2, outcome: 'failed' });
    expect(stateOf(lab, job)).to.deep.include({
      status: 'failed',
      reason: 'Its coordinator failed: failed 1/0#2',
      ends: { completed: 0, failed: 1, killed: 3 },
    });
    expect(lab.store.failures(job, 0)).to.have.lengthOf(2);
  });

  it('is not blamed for workers that are lost, drained or ended, and goes on elsewhere', () => {
    const { lab, worker } = labWithOne();
    const other = lab.worker({ coordinators: 0 });
    const job = lab.submit(detached({ limits: { maxAttempts: 1 } }));
    lab.answers(worker, { job, index: 0, attempt: 1, outcome: 'returned' });
    lab.answers(worker, { job, index: 0, attempt: 2, outcome: 'killed' });
    expect(lab.held(worker)).to.deep.equal([{ job, index: 0, attempt: 3 }]);
    lab.disconnect(worker);
    lab.register(other).pass(31_000);
    expect(lab.state.workers.has(worker.number)).to.equal(false);
    expect(lab.status(job)).to.equal('waiting');
    expect(lab.store.failures(job, 0)).to.deep.equal([]);
    const next = lab.worker({ coordinators: 1 });
    expect(lab.held(next)).to.deep.equal([{ job, index: 0, attempt: 4 }]);
  });

  it('takes no task’s share of the blame for a lost worker', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1, coordinators: 1 });
    const coordinated = lab.submit(detached());
    const job = lab.submit();
    lab.disconnect(worker).pass(31_000);
    expect(lab.store.failures(coordinated, 0)).to.have.lengthOf(0);
    expect(lab.store.failures(job, 0)).to.have.lengthOf(1);
  });

  it('goes on where it was when its lost worker comes back in time, and is stopped when it is too late', () => {
    const { lab, worker } = labWithOne();
    const job = lab.submit(detached());
    lab.disconnect(worker).pass(31_000);
    lab.register(worker, [{ job, index: 0, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([]);
    expect(lab.held(worker)).to.deep.equal([{ job, index: 0, attempt: 1 }]);
    lab.disconnect(worker).pass(31_000);
    const next = lab.worker({ coordinators: 1 });
    expect(lab.held(next)).to.deep.equal([{ job, index: 0, attempt: 2 }]);
    lab.register(worker, [{ job, index: 0, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([{ job, index: 0, attempt: 1 }]);
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.status(job)).to.equal('waiting');
    expect([...lab.store.grants()]).to.have.lengthOf(1);
  });

  it('is not taken up again when another one has coordinated meanwhile, though none does now', () => {
    const { lab, worker } = labWithOne();
    const job = lab.submit(detached());
    lab.disconnect(worker).pass(31_000);
    const next = lab.worker({ coordinators: 1 });
    lab.drain(next).answers(next, { job, index: 0, attempt: 2, outcome: 'returned' });
    lab.register(worker, [{ job, index: 0, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([{ job, index: 0, attempt: 1 }]);
    expect(lab.held(worker)).to.deep.equal([{ job, index: 0, attempt: 3 }]);
  });

  it('keeps a draining worker in the state until it is returned', () => {
    const { lab, worker } = labWithOne();
    const job = lab.submit(detached());
    lab.drain(worker).disconnect(worker);
    expect(lab.state.workers.has(worker.number)).to.equal(true);
    lab.register(worker, [{ job, index: 0, attempt: 1 }]).drain(worker);
    lab.answers(worker, { job, index: 0, attempt: 1, outcome: 'returned' }).disconnect(worker);
    expect(lab.state.workers.has(worker.number)).to.equal(false);
    expect(lab.state.jobs.get(job)?.coordinatorWaits).to.equal(true);
  });
});

describe('a detached job', () => {
  it('is completed by its coordinator, which counts as completed and may stop', () => {
    const { lab, worker } = labWithOne();
    const job = lab.submit(detached({ tasks: 3 }));
    lab.coordinate(job);
    expect(lab.reply?.coordinator).to.deep.equal({ number: 1, taskCount: 3 });
    lab.answers(worker, { job, index: 1, attempt: 1 });
    lab.coordinate(job, {});
    expect(stateOf(lab, job)).to.deep.include({
      status: 'completed',
      result: new Uint8Array([0, 7]),
      ends: { completed: 2, failed: 0, killed: 1 },
    });
    expect(lab.store.end(job, 0)).to.include({ status: 'completed', attempt: 1, worker: worker.number });
    const killed = lab.sends('kill').flatMap(({ leases }) => leases.map(({ index }) => index));
    expect(killed).to.deep.equal([0, 2]);
    expect([...lab.store.grants()]).to.deep.equal([]);
    expect(loads(lab)).to.deep.equal([0]);
  });

  it('is failed by its coordinator with the reason that it gives', () => {
    const { lab } = labWithOne();
    const job = lab.submit(detached({ tasks: 2 }));
    lab.coordinate(job, { status: 'failed', reason: 'there is no such number' });
    expect(stateOf(lab, job)).to.deep.include({
      status: 'failed',
      reason: 'there is no such number',
      ends: { completed: 0, failed: 0, killed: 2 },
    });
  });

  it('ends with its coordinator: completed when that returned, killed when that was killed', () => {
    const { lab, worker } = labWithOne();
    const [first, second] = [lab.submit(detached({ tasks: 3 })), lab.submit(detached({ tasks: 3 }))];
    lab.answers(worker, { job: first, index: 0, attempt: 1 });
    expect(stateOf(lab, first)).to.deep.include({
      status: 'completed',
      ends: { completed: 1, failed: 0, killed: 2 },
    });
    lab.do({ type: 'tasks-killed', request: 1, job: second, indexes: [0, 1], reason: 'enough' });
    expect(stateOf(lab, second)).to.deep.include({
      status: 'killed',
      reason: 'enough',
      ends: { completed: 0, failed: 0, killed: 3 },
    });
    expect(lab.sends('kill').length).to.be.greaterThan(0);
    expect(loads(lab)).to.deep.equal([0]);
  });

  it('is not closed before its end, whatever its submission said', () => {
    const { lab } = labWithOne();
    const submission = lab.submission(detached({ tasks: 1, closed: true }));
    lab.do(submission).do(submission);
    expect(lab.state.jobs.get(1)?.state.closed).to.equal(false);
    lab.coordinate(1, {});
    expect(stateOf(lab, 1)?.closed).to.equal(true);
  });

  it('runs again with its coordinator, also when only what failed runs again', () => {
    const { lab, worker } = labWithOne();
    const job = lab.submit(detached({ tasks: 3 }));
    lab.answers(worker, { job, index: 1, attempt: 1 });
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.status(job)).to.equal('completed');
    lab.rerun(job, true);
    expect(lab.leased()).to.have.members([`${String(job)}/0#2`, `${String(job)}/2#2`]);
    expect(lab.state.jobs.get(job)?.state.ends).to.deep.equal({ completed: 1, failed: 0, killed: 0 });
    lab.coordinate(job, {});
    lab.rerun(job);
    expect(lab.leased()).to.have.members([0, 1, 2].map((index) => `${String(job)}/${String(index)}#3`));
    expect(lab.state.jobs.get(job)?.state.closed).to.equal(false);
  });
});

describe('explain, of a job whose coordinator waits', () => {
  const reasons = (lab: ServerLab, job: number) => explain(lab.state, job)?.reasons;
  const intro = 'Its coordinator waits for a worker that takes coordinators';

  it('says what each worker runs', () => {
    const lab = new ServerLab();
    const job = lab.submit(detached());
    expect(reasons(lab, job)).to.deep.equal([`${intro} (no worker is here).`]);
    lab.worker({ name: 'mill', coordinators: 0 });
    expect(reasons(lab, job)).to.deep.equal([`${intro} (worker mill takes none).`]);
    lab.worker({ name: 'lathe', coordinators: 1 });
    const second = lab.submit(detached());
    expect(reasons(lab, second)).to.deep.equal([
      `${intro} (worker mill takes none, worker lathe runs 1 of 1).`,
    ]);
    expect(explain(lab.state, second)?.workers.map(({ canRun, reason }) => [canRun, reason])).to.deep.equal([
      [false, 'it takes none'],
      [false, 'it runs 1 of 1'],
    ]);
  });

  it('says beside it why its tasks do not run', () => {
    const lab = new ServerLab();
    lab.worker({ name: 'lathe', coordinators: 0 });
    const job = lab.submit(detached({ tasks: 2, labels: ['gpu'] }));
    expect(reasons(lab, job)?.[0]).to.equal(`${intro} (worker lathe takes none).`);
    expect(reasons(lab, job)?.[1]).to.contain('it lacks the label gpu');
  });
});
