import { expect } from 'chai';

import { DsageError } from '#dsage/model/errors.js';
import type { Identity } from '#dsage/model/user.js';
import { deputyOf } from '#dsage/server/services/deputies.js';
import { ClientServiceService } from '#dsage/wire/gen/dsage/v1/client.js';

import { ServerLab } from '../../../support/server-lab.js';

const { session, listJobs } = ClientServiceService;

describe('a coordinator on a worker', () => {
  function leased() {
    const lab = new ServerLab();
    const worker = lab.worker({ coordinators: 1, user: 'lathe', role: 'worker' });
    const job = lab.submit({ owner: 'ada', detached: true, closed: false });
    const other = lab.submit({ owner: 'ada' });
    const caller: Identity = { role: 'worker', name: 'lathe', serial: '5' };
    const claim = { instance: worker.instance, job, attempt: 1 };
    return { lab, worker, job, other, caller, claim };
  }
  const refused = (act: () => unknown, says: RegExp) => {
    expect(act).to.throw(DsageError, says).with.property('code', 'permission-denied');
  };

  it("speaks for its job's owner, about that job alone", () => {
    const { lab, job, caller, claim } = leased();
    const deputy = deputyOf(lab.state, caller, claim, session.path);
    expect(deputy).to.deep.equal({ role: 'user', name: 'ada', serial: '5', onlyJob: job });
  });

  it('may call only what a coordinator needs', () => {
    const { lab, caller, claim } = leased();
    refused(() => deputyOf(lab.state, caller, claim, listJobs.path), /may not call .*ListJobs/);
  });

  it('is nobody without the lease: of another job, attempt, worker or certificate, or after its end', () => {
    const { lab, other, worker, caller, claim } = leased();
    const wrong = /not, or no longer, leased to that worker/;
    refused(() => deputyOf(lab.state, caller, { ...claim, job: other }, session.path), wrong);
    refused(() => deputyOf(lab.state, caller, { ...claim, job: 99 }, session.path), wrong);
    refused(() => deputyOf(lab.state, caller, { ...claim, attempt: 2 }, session.path), wrong);
    refused(() => deputyOf(lab.state, caller, { ...claim, instance: 'else' }, session.path), wrong);
    refused(() => deputyOf(lab.state, { ...caller, name: 'mill' }, claim, session.path), wrong);
    refused(() => deputyOf(lab.state, { ...caller, role: 'user' }, claim, session.path), wrong);
    lab.answers(worker, { job: claim.job, index: 0, attempt: 1, outcome: 'returned' });
    refused(() => deputyOf(lab.state, caller, claim, session.path), wrong);
  });
});
