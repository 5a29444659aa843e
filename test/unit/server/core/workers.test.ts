import { expect } from 'chai';

import { ServerLab } from '../../../support/server-lab.js';

describe('workers', () => {
  it('numbers an instance once, also over reconnects, losses and restarts', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    expect(lab.writes('put-worker')[0]?.worker).to.include({ number: 1, instance: worker.instance });
    lab.register(worker);
    expect(lab.writes('put-worker')).to.deep.equal([]);
    expect(lab.sends('disconnect').map(({ connection }) => connection)).to.deep.equal([1]);
    lab.disconnect(worker).pass(31_000);
    expect(lab.state.workers.size).to.equal(0);
    lab.register(worker);
    lab.restart().register(worker);
    expect([...lab.state.workers.keys()]).to.deep.equal([1]);
    expect(lab.worker().number).to.equal(2);
  });

  it('keeps leases that the worker still has, and takes back the others', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 3 });
    const job = lab.submit({ tasks: 3 });
    lab.disconnect(worker);
    expect(lab.held(worker)).to.have.lengthOf(3);
    lab.register(worker, [{ job, index: 1, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([]);
    expect(lab.leased()).to.deep.equal(['1/0#2', '1/2#2']);
    expect(lab.store.failures(job, 0)).to.deep.equal([]);
  });

  it('names what the worker need not go on with', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 2 });
    const [wanted, wrong, other, gone] = [
      { job, index: 0, attempt: 1 },
      { job, index: 0, attempt: 2 },
      { job, index: 1, attempt: 1 },
      { job: 99, index: 0, attempt: 1 },
    ];
    lab.register(worker, [wanted, wrong, other, gone]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([wrong, other, gone]);
  });

  it('ignores what comes over a stream that a newer one replaced', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const old = { ...worker };
    lab.register(worker);
    const job = lab.submit({ tasks: 3 });
    lab.answers(old, { job, index: 0, attempt: 1 }).renew(old, 99).disconnect(old);
    lab.do({ type: 'worker-draining', worker: old.number, connection: old.connection });
    expect(lab.state.workers.get(worker.number)).to.include({
      connection: worker.connection,
      draining: false,
      credit: 2,
    });
    expect(lab.held(worker)).to.have.lengthOf(2);
  });

  it('closes an older stream that registers late, and goes on with the newer one', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 1 });
    const { number, instance, info, user, role } = worker;
    const older = {
      type: 'worker-registered' as const,
      known: number,
      connection: 0,
      instance,
      info,
      user,
      role,
    };
    for (const isConnected of [true, false]) {
      if (!isConnected) lab.disconnect(worker);
      lab.do({ ...older, held: [] });
      expect(lab.effects.sends.map(({ type }) => type)).to.deep.equal(['disconnect']);
      expect(lab.sends('disconnect')[0]).to.include({ worker: number, connection: 0 });
      expect(lab.held(worker)).to.deep.equal([{ job, index: 0, attempt: 1 }]);
    }
  });

  it('renews: a worker that is heard of is not lost', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    lab.submit({ tasks: 1 });
    for (let round = 0; round < 5; round += 1) lab.pass(20_000).renew(worker, 2);
    expect(lab.held(worker)).to.have.lengthOf(1);
    lab.pass(31_000);
    expect(lab.state.workers.size).to.equal(0);
    expect(lab.sends('disconnect')[0]).to.include({ worker: worker.number, connection: worker.connection });
  });

  it('hears what has come before it counts the silence', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    lab.submit({ tasks: 1 });
    lab.pass(29_500);
    lab.now += 1_000;
    const { number, connection } = worker;
    const figures = { credit: 2, busySlots: 0, load1: 0, freeMemoryMb: 0, progress: [], running: [] };
    lab.do({ type: 'ticked' }, { type: 'worker-renewed', worker: number, connection, ...figures });
    expect(lab.held(worker)).to.have.lengthOf(1);
  });

  it('keeps how far a task is while its lease lasts', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 2 });
    const progressOf = (): unknown => [...(lab.state.jobs.get(job)?.progress ?? [])];
    const progress = [
      { job, index: 0, attempt: 1, fraction: 0.5 },
      // No such attempt, task or job.
      { job, index: 0, attempt: 9, fraction: 0.9 },
      { job, index: 7, attempt: 1, fraction: 0.9 },
      { job: 99, index: 0, attempt: 1, fraction: 0.9 },
    ];
    lab.renew(worker, 2, { progress });
    expect(progressOf()).to.deep.equal([[0, 0.5]]);
    lab.renew(worker, 2, { progress: [{ job, index: 0, attempt: 1, fraction: 7 }] });
    expect(progressOf()).to.deep.equal([[0, 1]]);
    lab.answers(worker, { job, index: 0, attempt: 1, wallMs: 5 });
    expect(progressOf()).to.deep.equal([]);
  });

  it('keeps when a task began while its lease lasts, and tells it of one whose worker was lost', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const job = lab.submit({ tasks: 2 });
    const startsOf = (): unknown => [...(lab.state.jobs.get(job)?.starts ?? [])];
    lab.now += 3_000;
    const startedAtMs = lab.now - 2_500;
    const running = [
      { job, index: 0, attempt: 1, runMs: 2_500 },
      { job, index: 1, attempt: 1, runMs: 2_500 },
      { job, index: 1, attempt: 9, runMs: 1 },
      { job: 99, index: 0, attempt: 1, runMs: 1 },
    ];
    lab.renew(worker, 2, { running });
    expect(startsOf()).to.deep.equal([
      [0, startedAtMs],
      [1, startedAtMs],
    ]);
    lab.answers(worker, { job, index: 0, attempt: 1, wallMs: 5 });
    expect(startsOf()).to.deep.equal([[1, startedAtMs]]);
    lab.pass(40_000);
    expect(startsOf()).to.deep.equal([]);
    const [failure] = lab.store.failures(job, 1);
    expect(JSON.parse(Buffer.from(failure?.failure ?? []).toString())).to.include({ startedAtMs });
  });

  it('blames a lost worker for the oldest leases only, as many as it has slots', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 2 });
    lab.renew(worker, 100);
    const job = lab.submit({ tasks: 50 });
    lab.answers(worker, { job, index: 0, attempt: 1, wallMs: 5 });
    expect(lab.held(worker).length).to.equal(22);
    lab.disconnect(worker).pass(31_000);
    const live = lab.state.jobs.get(job);
    expect([...(live?.failures ?? [])]).to.deep.equal([
      [1, 1],
      [2, 1],
    ]);
    expect(live?.waiting.size).to.equal(49);
    const [failure] = lab.store.failures(job, 1);
    expect(JSON.parse(String(failure?.failure))).to.deep.include({
      kind: 'worker-lost',
      attempt: 1,
      workerName: 'worker 1',
    });
  });

  it('fails a task whose workers are lost every time', () => {
    const lab = new ServerLab();
    const job = lab.submit({ tasks: 1, limits: { maxAttempts: 2 } });
    for (let round = 0; round < 2; round += 1) lab.disconnect(lab.worker()).pass(31_000);
    expect(lab.status(job)).to.equal('failed');
    expect(lab.store.end(job, 0)).to.include({ status: 'failed', attempt: 2, worker: 2 });
    expect([...lab.store.grants()]).to.deep.equal([]);
  });

  it('takes up a lease that had run out and whose task still waits', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 1 });
    lab.disconnect(worker).pass(31_000);
    lab.register(worker, [{ job, index: 0, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([]);
    expect(lab.leased()).to.deep.equal([]);
    expect(lab.held(worker)).to.deep.equal([{ job, index: 0, attempt: 1 }]);
  });

  it('counts one failure for an attempt: lost, back, and failed, or lost again', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 1, limits: { maxAttempts: 2 } });
    const lease = { job, index: 0, attempt: 1 };
    lab.disconnect(worker).pass(31_000);
    lab.register(worker, [lease]);
    lab.disconnect(worker).pass(31_000);
    lab.register(worker, [lease]).restart().register(worker, [lease]);
    lab.answers(worker, { ...lease, outcome: 'failed' });
    expect(lab.status(job)).to.equal('waiting');
    expect(lab.state.jobs.get(job)?.failures.get(0)).to.equal(1);
    expect(lab.store.failures(job, 0).map(({ failure }) => String(failure))).to.deep.equal(['failed 1/0#1']);
    lab.answers(worker, { job, index: 0, attempt: 2, outcome: 'failed' });
    expect(lab.status(job)).to.equal('failed');
  });

  it('gives all their time again after a jump of the clock or a stop of the server', () => {
    for (const jumpMs of [3_600_000, -3_600_000, 20_000]) {
      const lab = new ServerLab();
      const worker = lab.worker();
      lab.submit({ tasks: 1 });
      lab.pass(20_000);
      lab.now += jumpMs;
      lab.do({ type: 'ticked' }).pass(29_000);
      expect(lab.held(worker), `after ${String(jumpMs)} ms`).to.have.lengthOf(1);
      lab.pass(2_000);
      expect(lab.state.workers.size).to.equal(0);
    }
  });

  it('is not fooled by a clock that jumps back and forth between two ticks', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    lab.submit({ tasks: 1 });
    lab.pass(1_000);
    lab.now -= 3_600_000;
    lab.renew(worker, 2);
    lab.now += 3_600_100;
    lab.do({ type: 'ticked' });
    expect(lab.held(worker)).to.have.lengthOf(1);
  });

  it('tells a worker that drains of itself that no more leases will come', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const { number, connection } = worker;
    lab.submit({ tasks: 1 });
    lab.submit({ tasks: 1 });
    lab.do(lab.submission(), { type: 'worker-draining', worker: number, connection });
    expect(lab.sends('drain')).to.have.lengthOf(1);
    expect(lab.sends('drain')[0]).to.include({ worker: number, connection, stop: false });
    expect(lab.leased()).to.deep.equal([]);
  });

  it('drains by request, says so of a worker that is not there, and lets it go when it has ended', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 2 });
    const { number, connection } = worker;
    lab.do({ type: 'drain-asked', request: 3, worker: number, reason: 'repair', stop: true });
    expect(lab.sends('drain')).to.deep.equal([
      { type: 'drain', worker: number, connection, reason: 'repair', stop: true },
    ]);
    expect(lab.reply).to.deep.equal({ type: 'reply', request: 3 });
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.leased()).to.deep.equal([]);
    lab.disconnect(worker);
    expect(lab.state.workers.size).to.equal(0);
    lab.do({ type: 'drain-asked', request: 4, worker: number, reason: '', stop: true });
    expect(lab.reply?.problem).to.include({ code: 'not-found' });
  });

  it('resumes a worker that drains: it takes leases again, and asking twice is no error', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const { number, connection } = worker;
    lab.do({ type: 'drain-asked', request: 1, worker: number, reason: 'repair', stop: false });
    lab.submit();
    expect(lab.leased()).to.deep.equal([]);
    lab.do({ type: 'resume-asked', request: 2, worker: number });
    expect(lab.sends('resume')).to.deep.equal([{ type: 'resume', worker: number, connection }]);
    expect(lab.reply).to.deep.equal({ type: 'reply', request: 2 });
    expect(lab.leased(worker)).to.deep.equal(['1/0#1']);
    lab.do({ type: 'resume-asked', request: 3, worker: number });
    expect(lab.reply?.problem).to.equal(undefined);
    lab.disconnect(worker).do({ type: 'resume-asked', request: 4, worker: number });
    expect(lab.reply?.problem).to.include({ code: 'not-found' });
  });

  it('does not resume a worker that is to end, whoever said so', () => {
    const lab = new ServerLab();
    const [told, signalled] = [lab.worker(), lab.worker()];
    lab.do({ type: 'drain-asked', request: 1, worker: told.number, reason: 'x', stop: true });
    const { number, connection } = signalled;
    lab.do({ type: 'worker-draining', worker: number, connection, stop: true });
    for (const worker of [told, signalled]) {
      lab.do({ type: 'resume-asked', request: 2, worker: worker.number });
      expect(lab.reply?.problem).to.include({ code: 'failed-precondition' });
      expect(lab.reply?.problem?.hint).to.contain('dsage-worker');
      expect(lab.sends('resume')).to.deep.equal([]);
    }
  });

  it('resumes a worker again that missed it with its stream, and lets it drain when it is told to', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const { number } = worker;
    const drain = { type: 'drain-asked', request: 1, worker: number, reason: 'x', stop: false } as const;
    lab.do(drain).do({ type: 'resume-asked', request: 2, worker: number }).register(worker);
    const again = { type: 'worker-draining', worker: number, connection: worker.connection } as const;
    lab.do(again);
    expect(lab.sends('drain')).to.deep.equal([]);
    expect(lab.sends('resume')).to.have.lengthOf(1);
    expect(lab.state.workers.get(number)?.draining).to.equal(false);
    lab.do({ ...again, stop: true });
    expect(lab.sends('drain')).to.have.lengthOf(1);
    expect(lab.state.workers.get(number)).to.include({ draining: true, stopping: true });
  });

  it('removes a connected worker once it has drained', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const { number, connection } = worker;
    const job = lab.submit();
    lab.do({ type: 'remove-asked', request: 1, worker: number, reason: 'gone' });
    expect(lab.sends('drain')).to.deep.equal([
      { type: 'drain', worker: number, connection, reason: 'gone', stop: true },
    ]);
    expect(lab.reply).to.deep.equal({ type: 'reply', request: 1 });
    lab.answers(worker, { job, index: 0, attempt: 1 }).disconnect(worker);
    expect(lab.state.workers.size).to.equal(0);
    expect(lab.status(job)).to.equal('completed');
  });

  it('forgets a worker that is away: what it held waits again and has not failed, and it may still answer', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 2 });
    const job = lab.submit({ tasks: 2, limits: { maxAttempts: 1 } });
    lab.disconnect(worker).do({ type: 'remove-asked', request: 1, worker: worker.number, reason: 'gone' });
    expect(lab.reply).to.deep.equal({ type: 'reply', request: 1 });
    expect(lab.state.workers.size).to.equal(0);
    expect(lab.store.failures(job, 0)).to.deep.equal([]);
    const next = lab.worker({ slots: 1 });
    expect(lab.leased(next)).to.deep.equal(['1/0#2']);
    lab.register(worker, [{ job, index: 1, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([]);
    lab.answers(worker, { job, index: 1, attempt: 1 }).answers(next, { job, index: 0, attempt: 2 });
    expect(lab.status(job)).to.equal('completed');
    lab.do({ type: 'remove-asked', request: 2, worker: 99, reason: '' });
    expect(lab.reply?.problem).to.include({ code: 'not-found' });
  });

  it('stores users', () => {
    const lab = new ServerLab();
    const user = { name: 'bob', role: 'user' as const, enabled: true, createdAtMs: 1, serials: ['0a'] };
    lab.do({ type: 'user-put', request: 1, user });
    expect(lab.store.users()).to.deep.equal([user]);
    expect(lab.reply).to.deep.equal({ type: 'reply', request: 1 });
    lab.do({ type: 'user-removed', request: 2, name: 'bob' });
    expect(lab.store.users()).to.deep.equal([]);
  });
});
