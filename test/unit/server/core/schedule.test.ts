import { expect } from 'chai';

import { type LabWorker, ServerLab } from '../../../support/server-lab.js';

describe('schedule', () => {
  it('serves the highest priority first, then the order of arrival', () => {
    const lab = new ServerLab();
    for (const priority of [5, 4, 3, 2, 1, 3]) lab.submit({ priority });
    lab.worker({ slots: 1 });
    const order = [...lab.leased()];
    const worker = only(lab);
    while (lab.held(worker).length > 0) {
      lab.answers(worker, ...lab.held(worker).map((lease) => ({ ...lease, wallMs: 1_000 })));
      order.push(...lab.leased());
    }
    expect(order.map((name) => Number(name.split('/')[0]))).to.deep.equal([5, 4, 3, 6, 2, 1]);
  });

  it('shares between users whatever the number of their tasks', () => {
    const lab = new ServerLab();
    lab.submit({ owner: 'ada', tasks: 100 });
    lab.submit({ owner: 'bob', tasks: 100 });
    const worker = lab.worker({ slots: 64 });
    const owners = lab.held(worker).map(({ job }) => lab.state.jobs.get(job)?.owner);
    expect(owners.filter((owner) => owner === 'ada')).to.have.lengthOf(32);
    expect(owners.filter((owner) => owner === 'bob')).to.have.lengthOf(32);
  });

  it('counts what a user holds already', () => {
    const lab = new ServerLab();
    lab.submit({ owner: 'ada', tasks: 4 });
    lab.worker({ slots: 4 });
    lab.submit({ owner: 'ada', tasks: 4 });
    lab.submit({ owner: 'bob', tasks: 4 });
    const second = lab.worker({ slots: 4 });
    expect(lab.held(second).map(({ job }) => job)).to.deep.equal([3, 3, 3, 3]);
  });

  it('gives tasks only to workers with their evaluator, labels, resources and user', () => {
    const lab = new ServerLab();
    const plain = lab.worker();
    const mine = lab.worker({ role: 'user', user: 'ada' });
    const theirs = lab.worker({ role: 'user', user: 'bob' });
    const strong = lab.worker({ labels: ['big', 'fast'], resources: { gpu: 2 }, evaluators: ['sage'] });
    const who = (how: Parameters<ServerLab['submit']>[0]) => {
      lab.submit(how);
      return lab.sends('lease').map(({ worker }) => worker);
    };
    expect(who({ labels: ['big'] })).to.deep.equal([]);
    expect(who({ labels: ['big', 'fast'], evaluator: 'sage' })).to.deep.equal([strong.number]);
    expect(who({ resources: { gpu: 3 }, evaluator: 'sage' })).to.deep.equal([]);
    expect(who({ resources: { gpu: 2 }, evaluator: 'sage' })).to.deep.equal([strong.number]);
    expect(who({ evaluator: 'gp' })).to.deep.equal([]);
    expect(who({ owner: 'ada', tasks: 9 })).to.deep.equal([plain.number, mine.number]);
    expect(who({ owner: 'bob', tasks: 9 })).to.deep.equal([theirs.number]);
  });

  it('never gives more of a resource than there is, whatever the needs of the jobs', () => {
    const lab = new ServerLab();
    lab.submit({ tasks: 1, resources: { gpu: 2 } });
    lab.submit({ tasks: 9, resources: { gpu: 1 } });
    const worker = lab.worker({ slots: 9, resources: { gpu: 4 } });
    expect(lab.leased()).to.deep.equal(['1/0#1', '2/0#1', '2/1#1']);
    lab.answers(worker, { job: 1, index: 0, attempt: 1 });
    expect(lab.leased()).to.deep.equal(['2/2#1', '2/3#1']);
    expect(worker.info.resources['gpu']).to.equal(4);
  });

  it('adds tenths as a person would', () => {
    const lab = new ServerLab();
    lab.worker({ slots: 20, resources: { share: 1 } });
    for (let job = 0; job < 12; job += 1) lab.submit({ resources: { share: 0.1 } });
    expect(lab.held(only(lab))).to.have.lengthOf(10);
  });

  it('gives one task for each slot while nobody knows how long they take', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 2 });
    lab.renew(worker, 500);
    lab.submit({ tasks: 100 });
    expect(lab.leased()).to.deep.equal(['1/0#1', '1/1#1']);
  });

  it('gives about 50 ms of short tasks beyond the slots, within the credit', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 2 });
    lab.renew(worker, 500).submit({ tasks: 1000 });
    lab.answers(worker, ...lab.held(worker).map((lease) => ({ ...lease, wallMs: 1 })));
    expect(lab.held(worker)).to.have.lengthOf(2 + 100);
    lab.renew(worker, 30);
    lab.answers(worker, ...lab.held(worker).map((lease) => ({ ...lease, wallMs: 1 })));
    expect(lab.held(worker)).to.have.lengthOf(30);
  });

  it('gives long tasks one by one', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 2 });
    lab.renew(worker, 500).submit({ tasks: 1000 });
    lab.answers(worker, { job: 1, index: 0, attempt: 1, wallMs: 600 });
    expect(lab.leased()).to.deep.equal(['1/2#1']);
  });

  it('takes single tasks of one kind for alike', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    lab.renew(worker, 500);
    for (let job = 0; job < 100; job += 1) lab.submit({ kind: 'eval' });
    lab.answers(worker, { job: 1, index: 0, attempt: 1, wallMs: 1 });
    expect(lab.held(worker)).to.have.lengthOf(51);
  });

  it('spreads the last tasks, so that all workers end together', () => {
    const lab = new ServerLab();
    const workers = [lab.worker({ slots: 1 }), lab.worker({ slots: 1 })];
    for (const worker of workers) lab.renew(worker, 500);
    lab.submit({ tasks: 42 });
    const [first] = workers;
    if (first !== undefined) lab.answers(first, { job: 1, index: 0, attempt: 1, wallMs: 1 });
    expect(workers.map((worker) => lab.held(worker).length).sort()).to.satisfy(
      ([a, b]: number[]) => (a ?? 0) + (b ?? 0) === 41 && Math.abs((a ?? 0) - (b ?? 0)) <= 1,
    );
  });

  it('gives nothing to workers that drain, are disconnected or have no credit', () => {
    const lab = new ServerLab();
    const draining = lab.worker();
    const gone = lab.worker();
    const full = lab.worker();
    const { number, connection } = draining;
    lab.do({ type: 'worker-draining', worker: number, connection }).disconnect(gone).renew(full, 0);
    lab.submit({ tasks: 5 });
    expect(lab.leased()).to.deep.equal([]);
    lab.renew(full, 3);
    expect(lab.leased(full)).to.have.lengthOf(2);
  });

  it('writes a grant for what it gives, and the highest attempt with it', () => {
    const lab = new ServerLab();
    lab.submit({ tasks: 3 });
    const worker = lab.worker({ slots: 2 });
    const runs = [{ job: 1, firstIndex: 0, count: 2, attempt: 1 }];
    expect(lab.writes('put-grant')).to.deep.equal([
      { type: 'put-grant', grant: { id: 1, worker: worker.number, runs } },
    ]);
    expect(lab.store.job(1)?.state).to.include({ maxAttempt: 1, startedAtMs: lab.now });
    lab.answers(worker, { job: 1, index: 0, attempt: 1 });
    expect(lab.writes('delete-grant')).to.deep.equal([]);
    lab.answers(worker, { job: 1, index: 1, attempt: 1 });
    expect(lab.writes('delete-grant')).to.deep.equal([{ type: 'delete-grant', id: 1 }]);
  });
});

function only(lab: ServerLab): LabWorker {
  const [worker] = [...lab.state.workers.values()];
  if (worker?.connection === undefined) throw new Error('there is no worker');
  const { number, instance, connection, info, user } = worker;
  return { number, instance, connection, info, user, role: 'worker', seq: 1_000 };
}
