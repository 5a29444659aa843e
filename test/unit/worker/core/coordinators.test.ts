import { expect } from 'chai';

import { ended, Lab, lease, output, program } from './lab.js';

const detached = { detached: true };
const blob = { sha256: 'ab'.repeat(32), sizeBytes: 9 };
const places = (lab: Lab) => lab.state.coordinatorSlots.map(({ held }) => held.map(({ job }) => job));

describe('worker core: coordinators of detached jobs', () => {
  it('run at once beside busy slots, and no slot, queue, credit or pace knows of them', () => {
    const lab = new Lab(1, 2).connect();
    const { credits } = lab;
    lab.lease(1);
    expect(lab.lease(2, detached).runs).to.deep.equal(['1:2/0#1']);
    expect(lab.lease(3, { ...detached, owner: 'bob' }).runs).to.deep.equal(['2:3/0#1']);
    expect(lab.state.queues.get('bob')?.items ?? []).to.deep.equal([]);
    lab.pass(6_000);
    const running = [1, 2, 3].map((job) => ({ ...lease(job), runMs: 100 }));
    expect(lab.of('renew')[0]).to.deep.equal({
      ...{ type: 'renew', credit: 1, busySlots: 1 },
      ...{ progress: [], running },
    });
    expect(lab.report(output(1, lease(2), 'hello')).sends).to.deep.equal(['1 output 0:hello']);
    expect(lab.end(1, lease(2)).sends).to.deep.equal(['2 completed 2/0#1']);
    expect(lab.state.meanMs).to.equal(0);
    lab.end(0, lease(1)).do({ type: 'answers-recorded', seq: 3 });
    expect(lab.pass(1_500).credits).to.deep.equal(credits);
    expect(places(lab)).to.deep.equal([[], [3]]);
  });

  it('take no slot, though their job’s other tasks do', () => {
    const lab = new Lab(2, 1).connect().lease(1, { ...detached, count: 3 });
    expect(lab.runs).to.have.members(['2:1/0#1', '0:1/1#1', '1:1/2#1']);
    expect(lab.state.coordinating).to.equal(1);
    expect(lab.lease(1, { ...detached, count: 3 }).effects).to.deep.equal([]);
  });

  it('go back at once when no place is free, and when there is none at all', () => {
    const lab = new Lab(1, 1).connect().lease(1, detached);
    expect(lab.lease(2, detached).sends).to.deep.equal(['1 returned 2/0#1']);
    expect(new Lab(1).connect().lease(1, detached).sends).to.deep.equal(['1 returned 1/0#1']);
  });

  it('wait for the blobs of their program first', () => {
    const lab = new Lab(1, 1).connect();
    const run = { job: 1, firstIndex: 0, attempt: 1, payloads: [new Uint8Array()] };
    const spec = { ...program(1, 'ada', [blob]), ...detached };
    lab.do({ type: 'leases-received', programs: [spec], runs: [run] });
    expect(lab.runs).to.deep.equal([]);
    expect(lab.do({ type: 'program-fetched', job: 1 }).runs).to.deep.equal(['1:1/0#1']);
    const withInput = { ...run, attempt: 2, inputs: new Map([[0, blob]]) };
    lab.do({ type: 'leases-received', programs: [], runs: [withInput] });
    lab.do({ type: 'input-fetched', lease: lease(1, 0, 2) });
    expect(lab.sends).to.deep.equal(['1 returned 1/0#2']);
  });

  it('are killed like any task, and the next one goes behind one that is told to stop', () => {
    const lab = new Lab(1, 1).connect().lease(1, detached);
    lab.do({ type: 'kill-received', leases: [lease(1)], reason: 'enough' });
    expect(lab.of('kill').map(({ slot, reason }) => [slot, reason])).to.deep.equal([[1, 'enough']]);
    expect(lab.lease(2, { ...detached, owner: 'bob' }).runs).to.deep.equal(['1:2/0#1']);
    expect(lab.lease(3, detached).sends).to.deep.equal(['1 returned 3/0#1']);
    expect(lab.report(ended(1, lease(1), 'killed')).sends).to.deep.equal(['2 killed 1/0#1']);
    expect(places(lab)).to.deep.equal([[2]]);
  });

  it('go on while there is no server, are named to it, and stop when they are stale', () => {
    const lab = new Lab(1, 2).connect().lease(1, detached).lease(2, detached);
    lab.do({ type: 'disconnected' }).pass(60_000);
    lab.do({ type: 'stream-opened' });
    expect(lab.of('register')[0]?.held).to.have.deep.members([lease(1), lease(2)]);
    lab.do({ type: 'registered', worker: 7, renewMs: 5000, stale: [lease(1)] });
    expect(lab.of('kill').map(({ slot }) => slot)).to.deep.equal([1]);
    expect(lab.report(ended(1, lease(1), 'killed')).sends).to.deep.equal([]);
    expect(places(lab)).to.deep.equal([[], [2]]);
  });

  it('are stopped when the worker begins to drain, and go back uncounted, behind which nothing is left', () => {
    const lab = new Lab(1, 2).connect().lease(1, detached).lease(2);
    lab.do({ type: 'drain-received', reason: 'SIGTERM', stop: true });
    expect(lab.of('kill').map(({ slot, lease: { job } }) => [slot, job])).to.deep.equal([[1, 1]]);
    expect(lab.sends).to.deep.equal([]);
    expect(lab.report(ended(1, lease(1), 'killed')).sends).to.deep.equal(['1 returned 1/0#1']);
    expect(lab.lease(3, detached).sends).to.deep.equal(['2 returned 3/0#1']);
    lab.end(0, lease(2)).do({ type: 'answers-recorded', seq: 3 });
    lab.do({ type: 'drain-received', reason: 'as the worker said', stop: false, isFromServer: true });
    expect(lab.of('drained')).to.have.length(1);
  });

  it('that end by themselves while they are stopped for a drain are told of as they ended', () => {
    const lab = new Lab(1, 1).connect().lease(1, detached);
    lab.do({ type: 'drain-received', reason: 'SIGTERM', stop: true });
    expect(lab.end(1, lease(1)).sends).to.deep.equal(['1 completed 1/0#1']);
  });

  it('do not keep the worker from forgetting its pace', () => {
    const lab = new Lab(2, 1).connect().lease(9, detached).lease(1);
    lab.now += 0.1;
    lab.end(0, lease(1)).do({ type: 'answers-recorded', seq: 1 });
    expect(lab.pass(10).state.announcedCredit).to.be.greaterThan(500);
    lab.pass(1100);
    expect(lab.credits).to.deep.equal([4]);
  });
});
