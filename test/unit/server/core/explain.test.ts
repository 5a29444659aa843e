import { expect } from 'chai';

import { explain } from '#dsage/server/core/explain.js';

import { ServerLab } from '../../../support/server-lab.js';

describe('explain', () => {
  const reasons = (lab: ServerLab, job: number) => explain(lab.state, job)?.reasons;

  it('knows nothing of a job that is not in the state', () => {
    expect(explain(new ServerLab().state, 1)).to.equal(undefined);
  });

  it('says that there is no worker', () => {
    const lab = new ServerLab();
    expect(reasons(lab, lab.submit())).to.deep.equal([
      'No worker is connected. Start one: dsage-worker --server HOST:PORT',
    ]);
  });

  it('says that the job is paused, and that everything runs', () => {
    const lab = new ServerLab();
    const job = lab.submit({ closed: false });
    lab.do({ type: 'jobs-paused', request: 1, jobs: [job] });
    expect(reasons(lab, job)).to.deep.equal([
      `Job ${String(job)} is paused. Resume it to let its tasks run.`,
    ]);
    lab.do({ type: 'jobs-resumed', request: 1, jobs: [job] });
    lab.worker();
    expect(reasons(lab, job)).to.deep.equal([
      `All tasks of job ${String(job)} that were submitted are running or have ended (1 running).`,
      'More tasks may come: the job is not closed.',
    ]);
  });

  it('says that the coordinator of a class job has not said what comes next', () => {
    const lab = new ServerLab();
    const worker = lab.worker();
    const advice = (job: number) =>
      'its coordinator has not said what comes next. If that is gone, go on with the job: ' +
      `d.attach(Class, ${String(job)}), or dsage run FILE --attach ${String(job)}.`;
    const job = lab.submit({ kind: 'class', closed: false, tasks: 1 });
    expect(reasons(lab, job)?.[0]).to.match(/running/);
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(reasons(lab, job)).to.deep.equal([`All its tasks have ended; ${advice(job)}`]);
    const empty = lab.submit({ kind: 'class', closed: false, tasks: 0 });
    expect(reasons(lab, empty)).to.deep.equal([`It has no tasks yet; ${advice(empty)}`]);
    const map = lab.submit({ closed: false, tasks: 0 });
    expect(reasons(lab, map)?.[0]).to.match(/were submitted are running or have ended/);
  });

  it('says why no worker fits', () => {
    const lab = new ServerLab();
    lab.worker({ name: 'lathe' });
    const sentence = (how: Parameters<ServerLab['submit']>[0]) => reasons(lab, lab.submit(how))?.[0];
    const intro = 'None of the 1 connected workers can run this job. For instance lathe:';
    expect(sentence({ labels: ['gpu', 'big'] })).to.equal(`${intro} it lacks the label gpu, big.`);
    expect(sentence({ evaluator: 'sage' })).to.equal(`${intro} it has no evaluator sage.`);
    expect(sentence({ resources: { gpu: 1 } })).to.equal(
      `${intro} it has 0 of the resource gpu; a task needs 1.`,
    );
  });

  it('says that the workers that fit have no room, and what for', () => {
    const lab = new ServerLab();
    lab.worker({ slots: 4, resources: { gpu: 1 } });
    lab.submit({ resources: { gpu: 1 } });
    const gpu = lab.submit({ resources: { gpu: 1 } });
    expect(reasons(lab, gpu)?.[0]).to.equal(
      'The only worker that can run this job has no room for it: its gpu is in use.',
    );
    lab.submit({ tasks: 9 });
    const plain = lab.submit();
    expect(reasons(lab, plain)).to.deep.equal([
      'The only worker that can run this job has no room for it: all its 4 slots are taken.',
      '1 other jobs are served first (higher priority, or submitted earlier).',
    ]);
    const draining = lab.worker();
    lab.do({ type: 'worker-draining', worker: draining.number, connection: draining.connection });
    expect(explain(lab.state, plain)?.workers.map(({ canRun, reason }) => [canRun, reason])).to.deep.equal([
      [false, 'all its 4 slots are taken'],
      [false, 'it is draining'],
    ]);
  });

  it('says that other users get their share first', () => {
    const lab = new ServerLab();
    lab.submit({ owner: 'bob', tasks: 9 });
    const job = lab.submit({ owner: 'ada', tasks: 9 });
    lab.worker({ slots: 2 });
    expect(reasons(lab, job)).to.include('ada holds 1 leases; other users get their share first.');
  });
});
