import { expect } from 'chai';

import type { Logger } from '#dsage/log/log.js';
import type { JobSpec } from '#dsage/model/job.js';
import type { JobSnapshot, Send } from '#dsage/server/core/effects.js';
import { FailureLog } from '#dsage/server/failure-log.js';

import { ServerLab } from '../../support/server-lab.js';

const SNAPSHOT: JobSnapshot = {
  ...{
    status: 'failed',
    answerCount: 1,
    generation: 0,
    startedAtMs: 1,
    endedAtMs: 2,
    reason: 'Task 0: no good',
  },
  ...{ hasOutput: false, result: undefined },
  counts: { waiting: 0, processing: 0, completed: 1, failed: 2, killed: 0 },
};

describe('the log of failed jobs', () => {
  function begin(named: Partial<JobSpec> = { name: 'primes' }) {
    const submitted = new ServerLab().submission();
    const lines: Readonly<Record<string, unknown>>[] = [];
    const warn = (message: string, about: object) => lines.push({ message, ...about });
    let nowMs = 1_000;
    const log = new FailureLog({
      log: { warn } as unknown as Logger,
      now: () => nowMs,
      specOf: (job) => (job === 3 ? { ...submitted.spec, ...named } : undefined),
    });
    const note = (job: number, status: JobSnapshot['status'] = 'failed') => {
      const send: Send = { type: 'announce-job', job, snapshot: { ...SNAPSHOT, status } };
      log.note(send);
    };
    return { lines, note, pass: (ms: number) => (nowMs += ms) };
  }

  it('says which job failed and why', () => {
    const { lines, note } = begin();
    for (const status of ['waiting', 'processing', 'paused', 'completed', 'killed'] as const) note(1, status);
    note(3);
    expect(lines).to.deep.equal([
      { message: 'a job failed', job: 3, name: 'primes', why: 'Task 0: no good', failedTasks: 2 },
    ]);
  });

  it('names one without a name by its class, or what else is its code', () => {
    for (const [named, name] of [
      [{ name: '', kind: 'class', summary: 'MersenneSearch' }, 'MersenneSearch'],
      [{ name: '', kind: 'eval', summary: '' }, 'eval'],
    ] as const) {
      const { lines, note } = begin(named);
      note(3);
      expect(lines[0]).to.include({ name });
    }
  });

  it('says only how many there were, when there are many at once', () => {
    const { lines, note, pass } = begin();
    for (let job = 1; job <= 500; job += 1) note(job);
    expect(lines).to.have.lengthOf(20);
    pass(1_000);
    note(501);
    expect(lines).to.have.lengthOf(21);
    expect(lines.at(-1)).to.include({ job: 501, failedBeforeWithoutLine: 480 });
    pass(60_000);
    for (let job = 502; job <= 600; job += 1) note(job);
    expect(lines).to.have.lengthOf(41);
    expect(lines[21]).to.not.have.property('failedBeforeWithoutLine');
  });
});
