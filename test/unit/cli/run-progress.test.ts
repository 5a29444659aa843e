import { expect } from 'chai';

import { barLine, plainLine, type RunView } from '#dsage/cli/format/run-progress.js';
import { Pace } from '#dsage/cli/job-run/pace.js';

const VIEW: RunView = {
  ...{ id: 12, done: 120, total: 480, failed: 0, running: 8, perSecond: 41.3, elapsedMs: 3_400, stage: '' },
};
const viewOf = (part: Partial<RunView>): RunView => ({ ...VIEW, ...part });

describe('how far a job is', () => {
  it('is a bar as long as there is room, and never fills the last column', () => {
    const text = '120/480  8 running  41/s  9 s left';
    expect(barLine(VIEW, 120)).to.equal(`job 12  ${'█'.repeat(10)}${'░'.repeat(30)}  ${text}`);
    expect(barLine(VIEW, 70)).to.have.lengthOf(69);
    expect(barLine(VIEW, 50)).to.equal(`job 12  ${text}`);
    expect(barLine(viewOf({ id: undefined }), 80)).to.equal('submitting');
  });

  it('is cut where it does not fit, and what the job says cannot move the cursor', () => {
    const line = barLine(viewOf({ stage: 'sieving\r\n\u001b[2Jwith a long long story' }), 60);
    expect(line).to.have.lengthOf(59);
    expect(line).to.match(/ {2}sieving \[2J.*…$/);
  });

  it('has no bar and no time left where nobody knows how many tasks there will be', () => {
    expect(barLine(viewOf({ total: undefined }), 80)).to.equal('job 12  120 done  8 running  41/s  4 s');
    expect(plainLine(viewOf({ total: undefined, elapsedMs: 80_000 }))).to.equal(
      'job 12: 120 done, 8 running, 41/s, 1 min 20 s',
    );
  });

  it('says in words what failed and what the job does', () => {
    expect(plainLine(viewOf({ failed: 2, stage: 'sieving' }))).to.equal(
      'job 12: 120 of 480 done, 2 failed, 8 running, 41/s, 9 s left, sieving',
    );
    const unknown = { running: undefined, perSecond: undefined };
    expect(plainLine(viewOf(unknown))).to.equal('job 12: 120 of 480 done');
  });

  it('gives rates in two figures, and times in whole seconds', () => {
    const shown = (perSecond: number) => plainLine(viewOf({ perSecond })).split(', ').slice(2).join(' ');
    expect([1234, 9.96, 3.14159, 0.25, 0.05].map(shown)).to.deep.equal([
      '1234/s 1 s left',
      '10/s 37 s left',
      '3.1/s 1 min 55 s left',
      '0.25/s 24 min left',
      '3.0/min 2 h left',
    ]);
  });

  it('stays a full bar when tasks were tried again, and for a job without tasks', () => {
    expect(barLine(viewOf({ done: 500 }), 120)).to.contain(`${'█'.repeat(40)}  500/480`);
    expect(barLine(viewOf({ done: 0, total: 0 }), 120)).to.contain(`${'█'.repeat(40)}  0/0`);
  });
});

describe('the pace of a job', () => {
  it('is that of the last ten seconds', () => {
    const pace = new Pace();
    pace.note(0, 0);
    expect(pace.perSecond(100)).to.equal(undefined);
    for (let second = 1; second <= 20; second += 1) pace.note(second * 1000, second * 5);
    for (let second = 21; second <= 60; second += 1) pace.note(second * 1000, 100 + (second - 20) * 50);
    expect(pace.perSecond(60_000)).to.be.closeTo(50, 0.1);
  });

  it('looks further back where tasks are long', () => {
    const pace = new Pace();
    for (let task = 0; task <= 30; task += 1) pace.note(task * 60_000, task);
    expect(pace.perSecond(30 * 60_000)).to.be.closeTo(1 / 60, 0.001);
    expect(pace.perSecond(60 * 60_000)).to.be.below(1 / 120);
  });

  it('leaves out what had ended before', () => {
    const pace = new Pace(5000);
    for (const done of [0, 2500, 4999]) pace.note(100, done);
    pace.note(200, 5000);
    expect(pace.perSecond(10_000)).to.equal(undefined);
    pace.note(10_200, 5020);
    expect(pace.perSecond(10_200)).to.equal(2);
  });
});
