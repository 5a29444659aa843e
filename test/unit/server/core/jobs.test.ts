import { expect } from 'chai';

import { isFinal } from '#dsage/model/status.js';

import { ServerLab } from '../../../support/server-lab.js';

describe('kill', () => {
  it('ends jobs with all that waits and runs, and stops the workers', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 5 });
    lab.answers(worker, { job, index: 0, attempt: 1 });
    lab.do({ type: 'jobs-killed', request: 7, jobs: [job, 99], reason: 'enough' });
    expect(lab.reply).to.deep.equal({ type: 'reply', request: 7, jobs: [job] });
    expect(lab.sends('kill')).to.have.lengthOf(1);
    expect(lab.sends('kill')[0]).to.deep.include({ worker: worker.number, reason: 'enough' });
    expect(lab.sends('kill')[0]?.leases.map(({ index }) => index)).to.have.members([1, 2]);
    expect(lab.store.job(job)?.state).to.deep.include({
      status: 'killed',
      reason: 'enough',
      ends: { completed: 1, failed: 0, killed: 4 },
    });
    expect([...lab.store.grants()]).to.deep.equal([]);
    expect(lab.state.waitingTasks).to.equal(0);
    lab.answers(worker, { job, index: 1, attempt: 1 });
    expect(lab.writes('put-answer')).to.deep.equal([]);
    expect(lab.sends('acknowledge')).to.have.lengthOf(1);
  });

  it('leaves a job that has ended as it is', () => {
    const lab = new ServerLab();
    const job = lab.submit({ tasks: 0 });
    lab.do({ type: 'jobs-killed', request: 1, jobs: [job], reason: 'late' });
    expect(lab.reply?.jobs).to.deep.equal([]);
    expect(lab.status(job)).to.equal('completed');
  });

  it('stops attempts that had run out and run on', () => {
    const lab = new ServerLab();
    const slow = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 1 });
    lab.disconnect(slow).pass(31_000);
    const quick = lab.worker({ slots: 1 });
    lab.register(slow, [{ job, index: 0, attempt: 1 }]);
    lab.do({ type: 'jobs-killed', request: 1, jobs: [job], reason: 'enough' });
    expect(lab.sends('kill').map(({ worker }) => worker)).to.have.members([slow.number, quick.number]);
  });

  it('ends single tasks, waiting or running, with a record of the reason', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 3 });
    lab.do({ type: 'tasks-killed', request: 1, job, indexes: [0, 2, 2, 9], reason: 'not these' });
    expect(lab.sends('kill')[0]?.leases).to.deep.equal([{ job, index: 0, attempt: 1 }]);
    expect(lab.writes('put-answer').map(({ index, status }) => [index, status])).to.deep.equal([
      [0, 'killed'],
      [2, 'killed'],
    ]);
    expect(Buffer.from(lab.store.answer(job, 0) ?? []).toString()).to.contain('not these');
    lab.answers(worker, { job, index: 1, attempt: 1 });
    expect(lab.store.job(job)?.state).to.deep.include({
      status: 'killed',
      ends: { completed: 1, failed: 0, killed: 2 },
    });
  });
});

describe('pause, resume and priority', () => {
  it('lets what runs end, and gives nothing out until resumed', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 3 });
    lab.do({ type: 'jobs-paused', request: 1, jobs: [job, 99] });
    expect(lab.status(job)).to.equal('paused');
    expect(lab.sends('announce-job')[0]?.snapshot.status).to.equal('paused');
    lab.answers(worker, { job, index: 0, attempt: 1, outcome: 'failed' });
    expect(lab.leased()).to.deep.equal([]);
    lab.restart();
    lab.register(worker);
    expect(lab.leased()).to.deep.equal([]);
    lab.do({ type: 'jobs-resumed', request: 2, jobs: [job] });
    expect(lab.leased()).to.deep.equal(['1/0#2']);
    expect(lab.status(job)).to.equal('waiting');
  });

  it('ends a paused job whose last task ends, and kills one', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const first = lab.submit({ tasks: 1 });
    lab.do({ type: 'jobs-paused', request: 1, jobs: [first] });
    lab.answers(worker, { job: first, index: 0, attempt: 1 });
    expect(lab.status(first)).to.equal('completed');
    const second = lab.submit({ tasks: 2 });
    lab.do({ type: 'jobs-paused', request: 1, jobs: [second] });
    lab.do({ type: 'jobs-killed', request: 2, jobs: [second], reason: 'enough' });
    expect(lab.status(second)).to.equal('killed');
  });

  it('moves a job to its new priority, paused or not, and keeps it over a restart', () => {
    const lab = new ServerLab();
    const [first, second, third] = [lab.submit(), lab.submit(), lab.submit()];
    lab.do({ type: 'jobs-paused', request: 1, jobs: [third] });
    lab.do({ type: 'priority-set', request: 1, jobs: [second, third, 99], priority: 1 });
    lab.do({ type: 'jobs-resumed', request: 1, jobs: [third] });
    lab.restart();
    lab.worker({ slots: 2 });
    expect(lab.leased()).to.deep.equal([`${String(second)}/0#1`, `${String(third)}/0#1`]);
    expect(lab.state.jobs.get(first)?.leases.size).to.equal(0);
  });
});

describe('rerun', () => {
  const rerun = (lab: ServerLab, job: number, onlyFailed = false) => lab.rerun(job, onlyFailed);

  it('runs all again from ordinal 0, at attempts that old answers cannot match', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 2 });
    lab.answers(worker, { job, index: 0, attempt: 1 }, { job, index: 1, attempt: 1 });
    rerun(lab, job);
    expect(lab.reply).to.deep.equal({ type: 'reply', request: 5, jobs: [job] });
    expect(lab.sends('announce-job')[0]?.snapshot).to.include({ generation: 1, answerCount: 0 });
    expect(lab.leased()).to.deep.equal(['1/0#2', '1/1#2']);
    expect([...lab.store.ends(job, 0)]).to.deep.equal([]);
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.writes('put-answer')).to.deep.equal([]);
    lab.answers(worker, { job, index: 0, attempt: 2 }, { job, index: 1, attempt: 2 });
    expect(lab.status(job)).to.equal('completed');
    expect([...lab.store.answers(job, 0)].map(({ ordinal }) => ordinal)).to.deep.equal([0, 1]);
  });

  it('keeps what completed when only the failed tasks are to run, and counts their failures anew', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 4 });
    const job = lab.submit({ tasks: 4, limits: { maxAttempts: 1 } });
    lab.answers(
      worker,
      { job, index: 0, attempt: 1, outcome: 'failed' },
      { job, index: 1, attempt: 1 },
      { job, index: 2, attempt: 1, outcome: 'failed' },
      { job, index: 3, attempt: 1 },
    );
    expect(lab.status(job)).to.equal('failed');
    rerun(lab, job, true);
    expect(lab.leased()).to.deep.equal(['1/0#2', '1/2#2']);
    expect(lab.store.job(job)?.state).to.deep.include({
      generation: 1,
      answerCount: 4,
      ends: { completed: 2, failed: 0, killed: 0 },
    });
    expect(lab.sends('announce-answers')[0]).to.include({ firstOrdinal: 0, count: 4 });
    lab.answers(worker, { job, index: 0, attempt: 2 }, { job, index: 2, attempt: 2 });
    expect(lab.status(job)).to.equal('completed');
    expect([...lab.store.answers(job, 0)].map(({ ordinal }) => ordinal)).to.deep.equal([1, 3, 4, 5]);
  });

  it('runs what a kill had stopped', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 4, closed: false });
    lab.answers(worker, { job, index: 0, attempt: 1 });
    lab.do({ type: 'jobs-killed', request: 1, jobs: [job], reason: 'enough' });
    rerun(lab, job, true);
    expect(lab.store.job(job)?.state).to.include({
      status: 'waiting',
      closed: true,
      reason: '',
      endedAtMs: 0,
    });
    expect(lab.leased()).to.deep.equal(['1/1#2']);
    expect(lab.state.jobs.get(job)?.waiting.size).to.equal(2);
  });

  it('ends at once where nothing failed', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit();
    lab.answers(worker, { job, index: 0, attempt: 1 });
    rerun(lab, job, true);
    expect(lab.store.job(job)?.state).to.include({ status: 'completed', generation: 1 });
    expect(lab.state.jobs.size).to.equal(0);
  });

  it('goes on after a restart as if there had been none', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 2, limits: { maxAttempts: 2 } });
    for (const attempt of [1, 2]) lab.answers(worker, { job, index: 0, attempt, outcome: 'failed' });
    lab.answers(worker, { job, index: 1, attempt: 1 });
    expect(lab.status(job)).to.equal('failed');
    rerun(lab, job, true);
    lab.restart();
    expect(lab.state.jobs.get(job)?.failures.size).to.equal(0);
    lab.register(worker);
    expect(lab.leased()).to.deep.equal(['1/0#4']);
  });

  it('refuses an unfinished and an unknown job', () => {
    const lab = new ServerLab();
    const job = lab.submit();
    expect(rerun(lab, job).reply?.problem).to.include({ code: 'failed-precondition' });
    expect(rerun(lab, 99).reply?.problem).to.include({ code: 'not-found' });
    expect(lab.effects.writes).to.deep.equal([]);
  });
});

describe('forget', () => {
  it('forgets jobs that have ended, also in the batch that ended them', () => {
    const lab = new ServerLab();
    const [first, second] = [lab.submit({ tasks: 0 }), lab.submit({ tasks: 2 })];
    lab.do(
      { type: 'jobs-killed', request: 1, jobs: [second], reason: 'enough' },
      { type: 'jobs-forgotten', request: 2, jobs: [first, second] },
    );
    expect(lab.reply?.jobs).to.deep.equal([first, second]);
    expect(lab.sends('announce-job')[0]?.snapshot.status).to.equal('killed');
    expect(lab.store.job(first)).to.equal(undefined);
    expect(lab.store.job(second)).to.equal(undefined);
    const place = lab.effects.writes.findIndex(
      (write) => write.type === 'forget-job' && write.job === second,
    );
    expect(lab.effects.writes.slice(place + 1)).to.deep.equal([]);
    expect(lab.state.jobs.size).to.equal(0);
  });

  it('refuses while one of them has not ended, and forgets none', () => {
    const lab = new ServerLab();
    const [ended, open] = [lab.submit({ tasks: 0 }), lab.submit()];
    lab.do({ type: 'jobs-forgotten', request: 1, jobs: [ended, open] });
    expect(lab.reply?.problem).to.include({ code: 'failed-precondition' });
    expect(lab.reply?.problem?.message).to.contain(String(open));
    expect(isFinal(lab.store.job(ended)?.state.status ?? 'waiting')).to.equal(true);
  });
});
