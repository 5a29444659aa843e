import { expect } from 'chai';

import { ServerLab } from '../../../support/server-lab.js';

describe('notes of jobs', () => {
  function begin() {
    const lab = new ServerLab();
    const job = lab.submit({ owner: 'ada', closed: false });
    const say = (text: string, how: { fraction?: number; owner?: string; coordinator?: number } = {}) => {
      const { fraction = -1, owner = 'ada', coordinator = 0 } = how;
      return lab.do({ type: 'job-noted', job, owner, coordinator, text, fraction });
    };
    const said = () => {
      const { note, fraction } = lab.state.jobs.get(job) ?? {};
      return [note, fraction];
    };
    return { lab, job, say, said };
  }

  it('are kept in the state and announced when they change, with nothing to write', () => {
    const { lab, job, say, said } = begin();
    expect(said()).to.deep.equal(['', -1]);
    say('sieving', { fraction: 0.5 });
    expect(said()).to.deep.equal(['sieving', 0.5]);
    expect(lab.effects.writes).to.deep.equal([]);
    expect(lab.sends('announce-note')).to.deep.equal([{ type: 'announce-note', job }]);
    expect(say('sieving', { fraction: 0.5 }).effects.sends).to.deep.equal([]);
  });

  it('are cut to 500 characters, and fractions to what they can be', () => {
    const { say, said } = begin();
    say('x'.repeat(501), { fraction: 7 });
    expect(said()).to.deep.equal(['x'.repeat(500), 1]);
    for (const fraction of [NaN, -Infinity, -0.5]) {
      say('', { fraction });
      expect(said()).to.deep.equal(['', -1]);
    }
  });

  it('count from the owner’s present coordinator alone, and while the job runs', () => {
    const { lab, job, say, said } = begin();
    say('mallory', { owner: 'mallory' });
    lab.coordinate(job);
    say('too late', { coordinator: 0 });
    expect(said()).to.deep.equal(['', -1]);
    say('mine', { coordinator: 1 });
    expect(said()).to.deep.equal(['mine', -1]);
    lab.do({ type: 'jobs-killed', request: 1, jobs: [job], reason: 'x' });
    say('over', { coordinator: 1 });
    expect(lab.sends('announce-note')).to.deep.equal([]);
  });
});
