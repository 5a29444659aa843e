import { expect } from 'chai';

import { explain } from '#dsage/server/core/explain.js';

import { type LabWorker, ServerLab, type Submitting } from '../../../support/server-lab.js';

/** A lab with a worker of many slots. */
function labWithWorker(): { lab: ServerLab; worker: LabWorker } {
  const lab = new ServerLab();
  return { lab, worker: lab.worker({ slots: 8 }) };
}

/** The first task of a job ends. */
function end(lab: ServerLab, worker: LabWorker, job: number, outcome: 'completed' | 'failed' = 'completed') {
  const attempt = lab.state.jobs.get(job)?.leases.get(0)?.attempt ?? 1;
  lab.answers(worker, { job, index: 0, attempt, outcome });
}

const once = { limits: { maxAttempts: 1 } };
const reasonOf = (lab: ServerLab, job: number) => lab.store.job(job)?.state.reason;

describe('a job that waits for others', () => {
  it('is given to nobody until the last of them is completed, and then in the same transition', () => {
    const { lab, worker } = labWithWorker();
    const [first, second] = [lab.submit(), lab.submit()];
    const third = lab.submit({ after: [first, second, first], tasks: 2 });
    expect(lab.sends('accept')[0]).to.include({ job: third, taskCount: 2 });
    expect(lab.leased()).to.deep.equal([]);
    end(lab, worker, first);
    expect(lab.leased()).to.deep.equal([]);
    expect(lab.status(third)).to.equal('waiting');
    end(lab, worker, second);
    expect(lab.leased()).to.deep.equal(['3/0#1', '3/1#1']);
    expect(lab.state.dependents.size).to.equal(0);
  });

  it('does not wait for those that were completed, in this batch, before it, or long ago', () => {
    const { lab, worker } = labWithWorker();
    const first = lab.submit();
    end(lab, worker, first);
    const second = lab.submit();
    const third = lab.submission({ after: [first, second] });
    lab.do(lab.answering(worker, { job: second, index: 0, attempt: 1 }), third);
    expect(lab.leased()).to.deep.equal(['3/0#1']);
    lab.restart();
    lab.register(worker);
    lab.do(lab.submission({ after: [first] }));
    expect(lab.leased()).to.deep.equal(['4/0#1']);
  });

  it('fails with the first of them that fails, and takes with it what waits for it', () => {
    const { lab, worker } = labWithWorker();
    const [a, other] = [lab.submit({ ...once, name: 'sieve' }), lab.submit()];
    const b = lab.submit({ after: [other, a], name: '' });
    const c = lab.submit({ after: [b, a], tasks: 3 });
    const d = lab.submit({ after: [c], closed: false });
    end(lab, worker, a, 'failed');
    expect([a, b, c, d].map((job) => lab.status(job))).to.deep.equal(Array(4).fill('failed'));
    expect(reasonOf(lab, b)).to.equal('Job 1 (sieve), which it waits for, failed: failed 1/0#1');
    expect(reasonOf(lab, c)).to.match(/^Job 1 \(sieve\), which it waits for, failed: failed 1\/0#1$/);
    expect(reasonOf(lab, d)).to.match(/^Job 4 \(a job\), which it waits for, failed: Job 1 /);
    expect(lab.store.job(c)?.state.ends).to.deep.equal({ completed: 0, failed: 0, killed: 3 });
    expect(lab.status(other)).to.equal('waiting');
    expect([lab.state.blocked.size, lab.state.dependents.size]).to.deep.equal([0, 0]);
    expect(lab.sends('announce-job').map(({ job }) => job)).to.have.members([a, b, c, d]);
  });

  it('says of a job of many tasks how many failed, and why one was killed or stopped', () => {
    const { lab, worker } = labWithWorker();
    const why = (how: Submitting, act: (job: number) => void) => {
      const first = lab.submit(how);
      const second = lab.submit({ after: [first] });
      act(first);
      return reasonOf(lab, second)?.replace(/^Job \d+ /, '');
    };
    const failed = why({ ...once, tasks: 2, name: 'x' }, (job) => {
      end(lab, worker, job, 'failed');
      lab.answers(worker, { job, index: 1, attempt: 1 });
    });
    expect(failed).to.equal(
      '(x), which it waits for, failed: 1 of 2 tasks failed, first task 0: failed 1/0#1',
    );
    const killed = why({ name: 'y' }, (job) =>
      lab.do({ type: 'jobs-killed', request: 1, jobs: [job], reason: 'enough' }),
    );
    expect(killed).to.equal('(y), which it waits for, was killed: enough');
  });

  it('has a reason of bounded length at the end of a long chain, with both of its ends', () => {
    const lab = new ServerLab({ maxUnfinishedJobs: 30_000 });
    const first = lab.submit({ name: 'the root' });
    const chain = Array.from({ length: 20 }, (_, place) =>
      lab.submit({ after: [first + place], name: 'n'.repeat(150) }),
    );
    // In one batch, since the lab checks the state after every one.
    lab.do(...Array.from({ length: 20_000 }, (_, place) => lab.submission({ after: [21 + place] })));
    lab.do({ type: 'jobs-killed', request: 1, jobs: [first], reason: 'the true reason' });
    expect(lab.state.jobs.size).to.equal(0);
    for (const job of [chain.at(-1) ?? 0, lab.state.lastJob]) {
      expect(reasonOf(lab, job)?.length).to.be.below(610);
      expect(reasonOf(lab, job)).to.match(new RegExp(`^Job ${String(job - 1)} .*the true reason$`));
    }
  });

  it('ends at once when one of them had failed or been killed before it came', () => {
    const { lab, worker } = labWithWorker();
    const first = lab.submit({ ...once, name: 'sieve' });
    const open = lab.submit();
    end(lab, worker, first, 'failed');
    const job = lab.submit({ after: [open, first], tasks: 2, closed: false });
    expect(lab.sends('accept')[0]).to.include({ job, taskCount: 2 });
    expect(lab.store.job(job)?.state).to.deep.include({
      status: 'failed',
      reason: 'Job 1 (sieve), which it waits for, failed: failed 1/0#1',
      closed: true,
      ends: { completed: 0, failed: 0, killed: 2 },
    });
    expect(lab.state.waitingTasks).to.equal(0);
  });

  it('may name only jobs that are there and its user’s own, an admin’s may name all; else nothing changes', () => {
    const lab = new ServerLab();
    const bobs = lab.submit({ owner: 'bob' });
    const problem = (how: Submitting) => {
      lab.do(lab.submission(how));
      expect(lab.effects.writes).to.deep.equal([]);
      return lab.sends('refuse')[0]?.problem;
    };
    expect(problem({ after: [2] })).to.include({ code: 'not-found' });
    expect(problem({ after: [2] })?.message).to.contain('no job 2');
    expect(problem({ after: [bobs] })).to.include({ code: 'permission-denied' });
    expect(lab.state.lastJob).to.equal(1);
    lab.submit({ after: [bobs], isAdmin: true });
    expect(lab.state.blocked.get(2)).to.deep.equal(new Set([bobs]));
  });

  it('accepts a repeat of its submission whatever became of those that it names', () => {
    const { lab, worker } = labWithWorker();
    const first = lab.submit();
    const submission = lab.submission({ after: [first], seq: 77 });
    lab.do(submission);
    end(lab, worker, first);
    lab.do({ type: 'jobs-forgotten', request: 1, jobs: [first] });
    lab.do(submission);
    expect(lab.sends('accept')[0]).to.include({ job: 2, seq: 77 });
    expect(lab.sends('refuse')).to.deep.equal([]);
  });

  it('waits when it has no tasks, too', () => {
    const { lab, worker } = labWithWorker();
    const first = lab.submit();
    const empty = lab.submit({ after: [first], tasks: 0 });
    const last = lab.submit({ after: [empty] });
    expect(lab.status(empty)).to.equal('waiting');
    end(lab, worker, first);
    expect(lab.status(empty)).to.equal('completed');
    expect(lab.leased()).to.deep.equal([`${String(last)}/0#1`]);
  });

  it('takes more tasks and another priority while it waits', () => {
    const { lab, worker } = labWithWorker();
    const first = lab.submit();
    const job = lab.submit({ after: [first], closed: false });
    const from = { session: 'ada/session', connection: 1, seq: 9, owner: 'ada', isAdmin: false };
    const payloads = [new Uint8Array([1])];
    lab.do({ type: 'tasks-submitted', target: { job }, ...from, firstIndex: 1, payloads, closed: true });
    lab.do({ type: 'priority-set', request: 1, jobs: [job], priority: 1 });
    expect(lab.leased()).to.deep.equal([]);
    end(lab, worker, first);
    expect(lab.leased()).to.deep.equal(['2/0#1', '2/1#1']);
  });

  it('stays paused when it need not wait any more, and waits on when it is resumed before', () => {
    const { lab, worker } = labWithWorker();
    const first = lab.submit();
    const [second, third] = [lab.submit({ after: [first] }), lab.submit({ after: [first] })];
    lab.do({ type: 'jobs-paused', request: 1, jobs: [second, third] });
    lab.do({ type: 'jobs-resumed', request: 1, jobs: [third] });
    expect(lab.leased()).to.deep.equal([]);
    end(lab, worker, first);
    expect(lab.leased()).to.deep.equal(['3/0#1']);
    expect(lab.status(second)).to.equal('paused');
    lab.do({ type: 'jobs-resumed', request: 1, jobs: [second] });
    expect(lab.leased()).to.deep.equal(['2/0#1']);
  });

  it('cannot fill the queue for the jobs that it waits for', () => {
    const lab = new ServerLab({ maxWaitingTasks: 4 });
    const first = lab.submit({ tasks: 1, closed: false });
    const second = lab.submit({ after: [first], tasks: 4, closed: false });
    const more = (job: number, firstIndex: number, count: number) => {
      const from = { session: 'ada/session', connection: 1, seq: 9, owner: 'ada', isAdmin: false };
      const payloads = Array.from({ length: count }, () => new Uint8Array([1]));
      lab.do({ type: 'tasks-submitted', target: { job }, ...from, firstIndex, payloads, closed: false });
      return lab.sends('refuse')[0]?.problem.message;
    };
    expect(more(first, 1, 3)).to.equal(undefined);
    expect(more(first, 4, 1)).to.match(/holds 4 waiting tasks; its limit is 4 \(maxWaitingTasks\)/);
    expect(more(second, 4, 1)).to.match(/holds 4 waiting tasks of jobs that wait for others; its limit is 4/);
  });

  it('can be killed while it waits, as a whole or task by task', () => {
    const { lab, worker } = labWithWorker();
    const first = lab.submit();
    const [second, third] = [lab.submit({ after: [first] }), lab.submit({ after: [first] })];
    lab.do(
      { type: 'jobs-killed', request: 1, jobs: [second], reason: 'enough' },
      { type: 'tasks-killed', request: 2, job: third, indexes: [0], reason: 'not this' },
    );
    expect([lab.status(second), lab.status(third)]).to.deep.equal(['killed', 'killed']);
    end(lab, worker, first);
    expect(lab.leased()).to.deep.equal([]);
  });

  it('keeps its own end when what it waits for ends in the same batch', () => {
    const { lab } = labWithWorker();
    const first = lab.submit();
    const second = lab.submit({ after: [first] });
    const kill = { type: 'jobs-killed' as const, request: 1, reason: 'enough' };
    lab.do({ ...kill, jobs: [first, second] }, { type: 'jobs-forgotten', request: 2, jobs: [first] });
    expect(lab.store.job(first)).to.equal(undefined);
    expect(lab.store.job(second)?.state).to.include({ status: 'killed', reason: 'enough' });
    expect(lab.store.job(second)?.state).to.not.have.property('blocked');
  });
});

describe('a restart while a job waits', () => {
  it('changes nothing', () => {
    const { lab, worker } = labWithWorker();
    const [first, second] = [lab.submit(), lab.submit({ ...once, name: 'sieve' })];
    const third = lab.submit({ after: [first, second] });
    const fourth = lab.submit({ after: [third] });
    end(lab, worker, first);
    lab.restart();
    lab.register(worker, [{ job: second, index: 0, attempt: 1 }]);
    expect(lab.leased()).to.deep.equal([]);
    expect(lab.state.blocked.get(third)).to.deep.equal(new Set([second]));
    lab.answers(worker, { job: second, index: 0, attempt: 1 });
    expect(lab.leased()).to.deep.equal(['3/0#1']);
    lab.restart();
    lab.register(worker, [{ job: third, index: 0, attempt: 1 }]);
    lab.do({ type: 'jobs-killed', request: 1, jobs: [third], reason: 'enough' });
    expect(reasonOf(lab, fourth)).to.contain('was killed: enough');
  });

  it('does not make it wait again for one that was forgotten, or that runs again since', () => {
    const { lab, worker } = labWithWorker();
    const [first, second] = [lab.submit(), lab.submit()];
    const third = lab.submit({ after: [first, second] });
    for (const job of [first, second]) end(lab, worker, job);
    lab.do({ type: 'jobs-forgotten', request: 1, jobs: [first] });
    lab.rerun(second).restart();
    lab.register(worker, lab.held(worker));
    expect(lab.state.blocked.size).to.equal(0);
    expect(lab.state.jobs.get(third)?.leases.size).to.equal(1);
  });
});

describe('a rerun and the jobs that wait', () => {
  it('looks anew at those that the job names', () => {
    const { lab, worker } = labWithWorker();
    const [first, second] = [lab.submit(once), lab.submit()];
    const third = lab.submit({ after: [first, second] });
    end(lab, worker, first, 'failed');
    end(lab, worker, second);
    expect(lab.status(third)).to.equal('failed');
    expect(reasonOf(lab.rerun(third), third)).to.contain('Job 1 (a job), which it waits for, failed');
    expect(lab.store.job(third)?.state).to.include({ status: 'failed', generation: 1 });
    lab.rerun(first, true).rerun(third);
    expect(lab.status(third)).to.equal('waiting');
    end(lab, worker, first);
    expect(lab.leased()).to.deep.equal(['3/0#1']);
    end(lab, worker, third);
    lab.do({ type: 'jobs-forgotten', request: 1, jobs: [first] }).rerun(third);
    expect(lab.leased()).to.deep.equal(['3/0#2']);
  });

  it('makes a job wait again that waits for others still, and leaves alone what was let go', () => {
    const { lab, worker } = labWithWorker();
    const [first, second] = [lab.submit(), lab.submit()];
    const [both, one] = [lab.submit({ after: [first, second] }), lab.submit({ after: [first] })];
    end(lab, worker, first);
    expect(lab.leased()).to.deep.equal(['4/0#1']);
    lab.rerun(first);
    expect(lab.state.blocked.get(both)).to.deep.equal(new Set([second, first]));
    expect(lab.state.blocked.has(one)).to.equal(false);
    end(lab, worker, second);
    expect(lab.leased()).to.deep.equal([]);
    end(lab, worker, first);
    expect(lab.leased()).to.deep.equal(['3/0#1']);
  });

  it('that has nothing to run ends at once, and lets go at once', () => {
    const { lab, worker } = labWithWorker();
    const [first, second] = [lab.submit(), lab.submit()];
    const both = lab.submit({ after: [first, second] });
    end(lab, worker, first);
    lab.rerun(first, true);
    expect(lab.state.blocked.get(both)).to.deep.equal(new Set([second]));
  });
});

describe('explain', () => {
  it('names what a job waits for, with its status', () => {
    const { lab } = labWithWorker();
    const [first, second] = [lab.submit({ name: 'sieve' }), lab.submit({ name: '', labels: ['gpu'] })];
    const job = lab.submit({ after: [first, second] });
    const sentences = [
      'It waits for job 1 (sieve), which is processing.',
      'It waits for job 2, which is waiting.',
    ];
    expect(explain(lab.state, job)?.reasons).to.deep.equal(sentences);
    lab.do({ type: 'jobs-paused', request: 1, jobs: [job] });
    expect(explain(lab.state, job)?.reasons.slice(1)).to.deep.equal(sentences);
  });

  it('counts the rest of many', () => {
    const lab = new ServerLab();
    const after = Array.from({ length: 8 }, () => lab.submit());
    const reasons = explain(lab.state, lab.submit({ after }))?.reasons;
    expect(reasons).to.have.lengthOf(6);
    expect(reasons?.at(-1)).to.equal('It waits for 3 more.');
  });
});
