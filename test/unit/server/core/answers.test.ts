import { expect } from 'chai';

import { readAnswerRecord } from '#dsage/wire/packed.js';

import { ServerLab } from '../../../support/server-lab.js';

describe('answers', () => {
  it('records a completed task once, ends its job and tells the watchers', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 2 });
    expect(lab.sends('announce-job').map(({ snapshot }) => snapshot.status)).to.deep.equal(['processing']);
    lab.answers(worker, { job, index: 1, attempt: 1 });
    expect(lab.sends('acknowledge')).to.deep.equal([
      { type: 'acknowledge', worker: worker.number, connection: worker.connection, seq: 1 },
    ]);
    expect(lab.sends('announce-answers')[0]).to.include({ job, firstOrdinal: 0, count: 1 });
    expect(lab.status(job)).to.equal('waiting');
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.sends('announce-answers')[0]).to.include({ job, firstOrdinal: 1, count: 1 });
    expect(lab.sends('announce-job')[0]?.snapshot).to.deep.include({
      status: 'completed',
      counts: { completed: 2, failed: 0, killed: 0, waiting: 0, processing: 0 },
    });
    expect([...lab.store.ends(job, 0)]).to.deep.equal([
      { index: 0, status: 'completed', ordinal: 1, worker: worker.number, attempt: 1 },
      { index: 1, status: 'completed', ordinal: 0, worker: worker.number, attempt: 1 },
    ]);
    expect(lab.state.jobs.size).to.equal(0);
    expect([...lab.store.grants()]).to.deep.equal([]);
  });

  it('acknowledges a repeat, and records nothing of it', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 2 });
    const answers = lab.answering(worker, { job, index: 0, attempt: 1 });
    lab.do(answers, answers);
    expect(lab.writes('put-answer')).to.have.lengthOf(1);
    lab.do(answers);
    expect(lab.writes('put-answer')).to.have.lengthOf(0);
    expect(lab.sends('acknowledge')).to.have.lengthOf(1);
    expect(lab.store.job(job)?.state.ends.completed).to.equal(1);
  });

  it('ignores answers of a worker, attempt, task, job or stream that the lease is not of', () => {
    const lab = new ServerLab();
    const holder = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 2 });
    const other = lab.worker({ slots: 1 });
    for (const outcome of ['completed', 'failed', 'returned', 'killed'] as const) {
      lab.answers(other, { job, index: 0, attempt: 1, outcome });
      lab.answers(holder, { job, index: 0, attempt: 2, outcome });
      lab.answers(holder, { job, index: 1, attempt: 1, outcome });
      lab.answers(holder, { job, index: 7, attempt: 1, outcome });
      lab.answers(holder, { job: 99, index: 0, attempt: 1, outcome });
      expect(lab.sends('acknowledge')).to.have.lengthOf(1);
      lab.do({ ...lab.answering(holder, { job, index: 0, attempt: 1, outcome }), connection: 99 });
      expect(lab.effects).to.deep.equal({ writes: [], sends: [], ended: [] });
    }
    expect(lab.held(holder)).to.deep.equal([{ job, index: 0, attempt: 1 }]);
    expect(lab.held(other)).to.deep.equal([{ job, index: 1, attempt: 1 }]);
  });

  it('tries a failed task again, and fails it with every failure stored', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 1, limits: { maxAttempts: 3 } });
    for (const attempt of [1, 2, 3]) {
      expect(lab.held(worker)).to.deep.equal([{ job, index: 0, attempt }]);
      lab.answers(worker, { job, index: 0, attempt, outcome: 'failed' });
    }
    expect(lab.status(job)).to.equal('failed');
    expect(lab.store.end(job, 0)).to.include({ status: 'failed', attempt: 3 });
    const failures = lab.store.failures(job, 0).map(({ failure }) => String(failure));
    expect(failures).to.deep.equal(['failed 1/0#1', 'failed 1/0#2', 'failed 1/0#3']);
    const { payload } = readAnswerRecord(lab.store.answer(job, 0) ?? new Uint8Array());
    expect(Buffer.from(payload).toString()).to.equal('failed 1/0#3');
  });

  it('counts no failure for a lease that was returned or ended by the worker itself', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 1, limits: { maxAttempts: 1 } });
    for (const [place, outcome] of (['returned', 'killed', 'returned'] as const).entries()) {
      lab.answers(worker, { job, index: 0, attempt: place + 1, outcome });
    }
    expect(lab.held(worker)).to.deep.equal([{ job, index: 0, attempt: 4 }]);
    expect(lab.store.failures(job, 0)).to.deep.equal([]);
    expect([...lab.store.grants()]).to.have.lengthOf(1);
  });

  it('takes the answer of a lease that ran out, once, and stops the one that took its place', () => {
    const lab = new ServerLab();
    const slow = lab.worker();
    const job = lab.submit({ tasks: 1 });
    lab.disconnect(slow).pass(31_000);
    const quick = lab.worker();
    expect(lab.held(quick)).to.deep.equal([{ job, index: 0, attempt: 2 }]);
    lab.register(slow, [{ job, index: 0, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([]);
    lab.answers(slow, { job, index: 0, attempt: 1 });
    expect(lab.store.end(job, 0)).to.include({ worker: slow.number, attempt: 1, status: 'completed' });
    expect(lab.sends('kill')).to.have.lengthOf(1);
    expect(lab.sends('kill')[0]).to.deep.include({
      worker: quick.number,
      leases: [{ job, index: 0, attempt: 2 }],
    });
    lab.answers(quick, { job, index: 0, attempt: 2 });
    expect(lab.effects.writes).to.deep.equal([]);
    expect([...lab.store.grants()]).to.deep.equal([]);
  });

  it('stops an attempt that had run out when another one ends the task', () => {
    const lab = new ServerLab();
    const slow = lab.worker();
    const job = lab.submit({ tasks: 2 });
    lab.disconnect(slow).pass(31_000);
    const quick = lab.worker();
    lab.register(slow, [{ job, index: 0, attempt: 1 }]);
    lab.answers(quick, { job, index: 0, attempt: 2 });
    expect(lab.sends('kill').map(({ worker, leases }) => ({ worker, leases }))).to.deep.equal([
      { worker: slow.number, leases: [{ job, index: 0, attempt: 1 }] },
    ]);
  });

  it('stops a job at its threshold of failed tasks', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 3 });
    const job = lab.submit({ tasks: 9, limits: { maxAttempts: 1, maxFailedTasks: 2 } });
    lab.answers(worker, { job, index: 0, attempt: 1, outcome: 'failed' });
    expect(lab.status(job)).to.equal('waiting');
    lab.answers(worker, { job, index: 1, attempt: 1, outcome: 'failed' });
    expect(lab.store.job(job)?.state).to.deep.include({
      status: 'failed',
      ends: { completed: 0, failed: 2, killed: 7 },
    });
    expect(lab.store.job(job)?.state.reason).to.equal(
      'Stopped after 2 of 9 tasks failed (maxFailedTasks 2), first task 0: failed 1/0#1',
    );
    expect(lab.sends('kill')[0]?.leases.map(({ index }) => index)).to.deep.equal([2, 3]);
  });

  it('gives a failed job the reason of its first failure, over a restart too, and takes it back with a rerun', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 3 });
    const job = lab.submit({ tasks: 4, limits: { maxAttempts: 1 } });
    lab.do({ type: 'tasks-killed', request: 1, job, indexes: [3], reason: 'not this' });
    lab.answers(worker, { job, index: 2, attempt: 1, outcome: 'failed' });
    lab.restart().register(
      worker,
      [0, 1].map((index) => ({ job, index, attempt: 1 })),
    );
    lab.answers(worker, { job, index: 1, attempt: 1, outcome: 'failed' });
    expect(lab.store.job(job)?.state.reason).to.equal('');
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.store.job(job)?.state)
      .to.include({ status: 'failed', reason: '2 of 4 tasks failed, first task 2: failed 1/2#1' })
      .and.to.not.have.property('firstLost');
    expect(lab.sends('announce-job')[0]?.snapshot.reason).to.contain('failed 1/2#1');
    lab.rerun(job, true);
    expect(lab.store.job(job)?.state).to.include({ status: 'waiting', reason: '' });
    lab.answers(worker, ...[1, 2, 3].map((index) => ({ job, index, attempt: 2 })));
    expect(lab.store.job(job)?.state).to.include({ status: 'completed', reason: '' });
  });

  it('gives a job of one task the first line of what that says, and one whose tasks were killed why they were', () => {
    const message = 'TypeError: x is no function\nand more of it';
    const { encode } = new ServerLab().config;
    const lab = new ServerLab({ encode: { ...encode, messageOf: () => message } });
    const worker = lab.worker();
    const [failed, killed] = [lab.submit({ limits: { maxAttempts: 2 } }), lab.submit({ tasks: 2 })];
    lab.answers(worker, { job: failed, index: 0, attempt: 1, outcome: 'failed' });
    lab.answers(worker, { job: failed, index: 0, attempt: 2, outcome: 'failed' });
    expect(lab.store.job(failed)?.state.reason).to.equal('TypeError: x is no function');
    lab.do({ type: 'tasks-killed', request: 1, job: killed, indexes: [1, 0], reason: 'not these' });
    expect(lab.store.job(killed)?.state).to.include({
      status: 'killed',
      reason: '2 of 2 tasks were killed, first task 1: TypeError: x is no function',
    });
  });

  it('gives the job of a lost worker that as its reason', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ name: 'mill' });
    const job = lab.submit({ limits: { maxAttempts: 1 } });
    lab.disconnect(worker).pass(31_000);
    expect(lab.store.job(job)?.state.reason).to.contain('The worker mill was lost');
  });

  it('stops at the threshold though more tasks may come', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 1, closed: false, limits: { maxAttempts: 1, maxFailedTasks: 1 } });
    lab.answers(worker, { job, index: 0, attempt: 1, outcome: 'failed' });
    expect(lab.status(job)).to.equal('failed');
  });

  it('leaves an open job open when all of its tasks have ended', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 1, closed: false });
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.status(job)).to.equal('waiting');
    expect(lab.sends('announce-job')[0]?.snapshot.status).to.equal('waiting');
  });

  it('stores output of current leases only, and says with the end that there was some', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 1 });
    const { number, connection } = worker;
    const chunk = { job, index: 0, attempt: 1, chunk: 0, stderr: false, data: Buffer.from('hello') };
    const strange = { ...chunk, attempt: 2 };
    lab.do({ type: 'output-received', worker: number, connection, seq: 1, chunks: [chunk, strange] });
    expect([...lab.store.output(job, {})]).to.deep.equal([chunk]);
    expect(lab.sends('announce-output')[0]?.chunks).to.deep.equal([chunk]);
    expect(lab.sends('acknowledge')[0]).to.include({ seq: 1 });
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.sends('announce-job')[0]?.snapshot.hasOutput).to.equal(true);
  });
});
