import { expect } from 'chai';

import { MAX_CREDIT, MAX_IDLE_PROGRAMS } from '#dsage/worker/core/state.js';
import { ended, Lab, lease, output, program } from './lab.js';

const blob = { sha256: 'ab'.repeat(32), sizeBytes: 9 };

describe('worker core: leases and slots', () => {
  it('runs what it is leased, answers, and forgets it once that is recorded', () => {
    const lab = new Lab().connect();
    expect(lab.credits).to.deep.equal([4]);
    expect(lab.lease(1, { count: 3 }).runs).to.deep.equal(['0:1/0#1', '1:1/1#1']);
    lab.now += 5;
    lab.end(0, lease(1, 0));
    expect(lab.sends).to.deep.equal(['1 completed 1/0#1']);
    expect(lab.runs).to.deep.equal(['0:1/2#1']);
    lab.now += 1;
    expect(lab.end(1, lease(1, 1)).sends).to.deep.equal(['2 completed 1/1#1']);
    lab.end(0, lease(1, 2));
    expect(lab.state.counts.ended).to.equal(3);
    lab.do({ type: 'answers-recorded', seq: 2 });
    expect(lab.state.counts.ended).to.equal(1);
    lab.do({ type: 'answers-recorded', seq: 3 });
    expect(lab.state.counts.ended).to.equal(0);
    expect(lab.state.unacknowledged).to.deep.equal([]);
  });

  it('runs a lease once that comes twice, in every place that it can be in', () => {
    const lab = new Lab(1).connect().lease(1, { count: 2 });
    expect(lab.lease(1, { count: 2 }).runs).to.deep.equal([]);
    lab.now += 5;
    lab.end(0, lease(1, 0));
    expect(lab.runs).to.deep.equal(['0:1/1#1']);
    expect(lab.lease(1, { count: 2 }).runs).to.deep.equal([]);
    expect(lab.end(0, lease(1, 1)).runs).to.deep.equal([]);
    expect(lab.lease(1, { count: 2 }).runs).to.deep.equal([]);
    expect(lab.state.counts).to.deep.equal({ fetching: 0, queued: 0, slot: 0, storing: 0, ended: 2 });
  });

  it('runs a higher attempt beside the one that runs', () => {
    const lab = new Lab().connect().lease(1);
    expect(lab.lease(1, { attempt: 2 }).runs).to.deep.equal(['1:1/0#2']);
    expect(lab.end(1, lease(1, 0, 2)).sends).to.deep.equal(['1 completed 1/0#2']);
    expect(lab.end(0, lease(1, 0, 1)).sends).to.deep.equal(['2 completed 1/0#1']);
  });

  it('ignores ends and output of leases that it does not hold', () => {
    const lab = new Lab().connect().lease(1).end(0, lease(1));
    expect(
      lab.report(ended(0, lease(1)), output(0, lease(1), 'late'), ended(1, lease(9))).effects,
    ).to.deep.equal([]);
  });

  it('gives one user after the other to a slot, the warm one first', () => {
    const lab = new Lab(2).connect().lease(1, { owner: 'ada' }).lease(2, { owner: 'bob' });
    lab.end(0, lease(1)).end(1, lease(2));
    expect(lab.lease(3, { owner: 'bob' }).runs).to.deep.equal(['1:3/0#1']);
    expect(lab.lease(4, { owner: 'bob' }).runs).to.deep.equal(['0:4/0#1']);
  });

  it('does not let one user hold a slot for ever while another waits', () => {
    const lab = new Lab(1).connect().lease(1, { count: 2 }).lease(2, { owner: 'bob' });
    lab.now += 1;
    lab.lease(1, { first: 2, count: 200 });
    let bobRan = false;
    for (let index = 0; index < 20 && !bobRan; index += 1) {
      lab.pass(40);
      const running = lab.state.slots[0]?.held.at(0);
      if (running) lab.end(0, running);
      bobRan = lab.runs.some((run) => run.includes('2/0#1'));
    }
    expect(bobRan).to.equal(true);
  });
});

describe('worker core: batches and credit', () => {
  it('gives batches of short tasks, about 10 ms of them, and asks for more leases', () => {
    const lab = new Lab(1).connect().lease(1, { count: 400 });
    expect(lab.runs).to.deep.equal(['0:1/0#1']);
    lab.now += 0.125;
    lab.end(0, lease(1, 0));
    expect(lab.of('run')[0]?.leases).to.have.length(80);
    expect(lab.pass(10).state.announcedCredit).to.equal(1 + 400);
  });

  it('lets answers of short tasks wait a moment for others, and no longer than slots have work', () => {
    const lab = new Lab(1).connect().lease(1, { count: 6 });
    lab.now += 2;
    // The first one says how long they take.
    expect(lab.end(0, lease(1, 0)).sends).to.deep.equal([]);
    lab.now += 2;
    expect(lab.end(0, lease(1, 1)).sends).to.deep.equal([]);
    lab.now += 2;
    expect(lab.end(0, lease(1, 2)).sends).to.deep.equal([]);
    // Five milliseconds after the first one they go together.
    expect(lab.pass(1).sends).to.deep.equal(['1 completed 1/0#1, completed 1/1#1, completed 1/2#1']);
    lab.now += 1;
    expect(lab.end(0, lease(1, 3)).sends).to.deep.equal([]);
    // Only one is left in the slot: the server must know, to send more.
    lab.now += 1;
    expect(lab.end(0, lease(1, 4)).sends).to.deep.equal(['2 completed 1/3#1, completed 1/4#1']);
  });

  it('lets no answer wait that is long, failed, or the only one', () => {
    const long = new Lab(1).connect().lease(1, { count: 6 });
    long.now += 21;
    expect(long.end(0, lease(1, 0)).sends).to.deep.equal(['1 completed 1/0#1']);
    const failed = new Lab(1).connect().lease(1, { count: 6 });
    failed.now += 2;
    expect(failed.report(ended(0, lease(1, 0), 'failed')).sends).to.deep.equal(['1 failed 1/0#1']);
    const draining = new Lab(1).connect().lease(1, { count: 6 });
    draining.now += 2;
    expect(draining.end(0, lease(1, 0)).sends).to.deep.equal([]);
    draining.do({ type: 'drain-received', reason: 'maintenance', stop: false });
    expect(draining.sends.join()).to.contain('completed 1/0#1');
    const only = new Lab(1).connect().lease(1);
    only.now += 2;
    expect(only.end(0, lease(1)).sends).to.deep.equal(['1 completed 1/0#1']);
  });

  it('tops a slot up before it runs dry', () => {
    const lab = new Lab(1).connect().lease(1, { count: 400 });
    lab.now += 0.125;
    lab.end(0, lease(1, 0));
    lab.now += 7.5;
    lab.end(0, ...Array.from({ length: 60 }, (_, index) => lease(1, index + 1)));
    expect(lab.state.slots[0]?.held).to.have.length(80);
  });

  it('has the next task in a slot that runs one, unless they are long', () => {
    const lab = new Lab(1).connect().lease(1, { count: 4 });
    expect(lab.pass(40).runs).to.deep.equal([]);
    expect(lab.end(0, lease(1, 0)).runs).to.deep.equal(['0:1/1#1 1/2#1']);
    const long = new Lab(1).connect().lease(1, { count: 4 });
    expect(long.pass(70).end(0, lease(1, 0)).runs).to.deep.equal(['0:1/1#1']);
  });

  it('shares a few tasks between free slots instead of queueing them in one', () => {
    const lab = new Lab(2).connect().lease(1);
    lab.now += 2;
    lab.end(0, lease(1));
    expect(lab.lease(1, { first: 1, count: 4 }).runs).to.deep.equal(['0:1/1#1 1/2#1', '1:1/3#1 1/4#1']);
  });

  it('asks for no more than its limit, and for no queue of long tasks', () => {
    const lab = new Lab(64).connect().lease(1, { count: 64 });
    lab.now += 0.01;
    lab.end(0, lease(1, 0));
    expect(lab.pass(10).credits).to.deep.equal([MAX_CREDIT]);
    const long = new Lab(2).connect().lease(1, { count: 2 });
    long.pass(3000).end(0, lease(1, 0));
    expect(long.state.announcedCredit).to.equal(2);
  });

  it('goes back to a small credit when it had nothing to do for a second', () => {
    const lab = new Lab(2).connect().lease(1);
    lab.now += 0.1;
    lab.end(0, lease(1)).do({ type: 'answers-recorded', seq: 1 });
    expect(lab.pass(10).state.announcedCredit).to.be.greaterThan(500);
    lab.pass(1100);
    expect(lab.credits).to.deep.equal([4]);
  });

  it('says nothing that was said, however long it drains', () => {
    const lab = new Lab(1).connect().lease(1).do({ type: 'drain-received', reason: 'x', stop: true });
    expect(lab.credits).to.deep.equal([0]);
    // But for the start of the task that runs.
    expect(lab.pass(1100).of('renew')).to.have.nested.property('[0].running.length', 1);
    expect(lab.pass(4850).credits).to.deep.equal([]);
    expect(lab.pass(200).credits).to.deep.equal([0]);
  });

  it('renews in time and not more often', () => {
    const lab = new Lab(2).connect();
    expect(lab.pass(4999).credits).to.deep.equal([]);
    expect(lab.pass(15_002).of('renew')).to.have.length(4);
  });
});

describe('worker core: long tasks hoard nothing', () => {
  it('takes what waits behind a long task out of its slot and gives it to a free one', () => {
    const lab = new Lab(2).connect().lease(1).lease(2);
    lab.now += 0.5;
    lab.end(0, lease(1)).end(1, lease(2));
    lab.lease(3, { count: 8 });
    const behind = lab.state.slots[0]?.held.slice(1) ?? [];
    expect(behind).to.have.length(3);
    lab.now += 2;
    lab.end(1, ...(lab.state.slots[1]?.held ?? []));
    lab.pass(110);
    expect(lab.of('revoke').map(({ slot, leases }) => [slot, leases])).to.deep.equal([[0, behind]]);
    expect(lab.of('run').map(({ slot, leases }) => [slot, leases.length])).to.deep.equal([[1, 3]]);
  });

  it('returns leases that no slot took for half a second, after it has lowered its credit', () => {
    const lab = new Lab(1).connect().lease(1, { count: 3 });
    lab.pass(499);
    expect(lab.sends).to.deep.equal([]);
    lab.pass(10);
    expect(lab.sends).to.deep.equal(['1 returned 1/1#1, returned 1/2#1']);
    expect(lab.state.announcedCredit).to.equal(1);
    lab.do({ type: 'answers-recorded', seq: 1 });
    expect(lab.end(0, lease(1, 0)).sends).to.deep.equal(['2 completed 1/0#1']);
  });

  it('keeps waiting leases while there is no server to return them to', () => {
    const lab = new Lab(1).connect().lease(1, { count: 2 }).do({ type: 'disconnected' });
    lab.pass(60_000).connect();
    expect(lab.sends).to.deep.equal([]);
    expect(lab.end(0, lease(1, 0)).runs).to.deep.equal(['0:1/1#1']);
  });

  it('takes the answer of a lease that had started when it was revoked', () => {
    const lab = new Lab(1).connect().lease(1);
    lab.now += 1;
    lab.end(0, lease(1)).lease(1, { first: 1, count: 3 });
    lab.pass(150);
    expect(lab.of('revoke')).to.have.length(1);
    lab.report(ended(0, lease(1, 1)), ended(0, lease(1, 2)));
    expect(lab.sends).to.deep.equal(['2 completed 1/1#1, completed 1/2#1']);
    expect(lab.runs).to.deep.equal(['0:1/3#1']);
  });
});

describe('worker core: output', () => {
  it('numbers the chunks of an attempt, joins what came in one turn, and sends it before the answer', () => {
    const lab = new Lab(1).connect().lease(1);
    expect(lab.report(output(0, lease(1), 'a'), output(0, lease(1), 'b')).sends).to.deep.equal([
      '1 output 0:ab',
    ]);
    lab.report(output(0, lease(1), 'c'), output(0, lease(1), 'd', true), ended(0, lease(1)));
    expect(lab.sends).to.deep.equal(['2 output 1:c|2:d', '3 completed 1/0#1']);
  });

  it('cuts chunks at 64 KiB and messages at their target size', () => {
    const lab = new Lab(1).connect().lease(1);
    const piece = 'x'.repeat(40_000);
    lab.report(...Array.from({ length: 20 }, () => output(0, lease(1), piece)));
    const chunks = lab.of('send').flatMap(({ message }) => (message.type === 'output' ? message.chunks : []));
    expect(chunks.map((chunk) => chunk.chunk)).to.deep.equal(Array.from({ length: 20 }, (_, chunk) => chunk));
    expect(lab.of('send')).to.have.length(2);
  });
});

describe('worker core: connection', () => {
  it('computes on while it is cut off, names what it holds, and sends all that was not recorded again', () => {
    const lab = new Lab(2).connect().lease(1, { count: 4 });
    lab.now += 20;
    lab.report(output(0, lease(1, 0), 'hello'), ended(0, lease(1, 0)));
    expect(lab.sends).to.have.length(2);
    expect(lab.runs).to.deep.equal(['0:1/2#1', '1:1/3#1']);
    lab.do({ type: 'disconnected' });
    expect(lab.end(1, lease(1, 1)).sends).to.deep.equal([]);
    lab.do({ type: 'stream-opened' });
    expect(lab.of('register')[0]?.held).to.have.deep.members([0, 1, 2, 3].map((index) => lease(1, index)));
    lab.do({ type: 'registered', worker: 7, renewMs: 5000, stale: [] });
    expect(lab.sends).to.deep.equal(['1 output 0:hello', '2 completed 1/0#1', '3 completed 1/1#1']);
    expect(lab.credits).to.have.length(1);
  });

  it('stops what the server calls stale, and tells nobody how that ended', () => {
    const lab = new Lab(1).connect().lease(1, { count: 3 });
    lab.now += 1;
    lab.end(0, lease(1, 0));
    lab.do({ type: 'disconnected' }).do({ type: 'stream-opened' });
    const stale = [lease(1, 0), lease(1, 1), lease(1, 2), lease(5, 5)];
    lab.do({ type: 'registered', worker: 7, renewMs: 5000, stale });
    expect(lab.of('kill').map(({ lease: { index } }) => index)).to.deep.equal([1, 2]);
    expect(lab.sends).to.deep.equal(['1 completed 1/0#1']);
    lab.report(
      output(0, lease(1, 1), 'dying'),
      ended(0, lease(1, 1), 'killed'),
      ended(0, lease(1, 2), 'killed'),
    );
    expect(lab.sends).to.deep.equal([]);
    expect(lab.state.counts.slot).to.equal(0);
  });

  it('sends a stale answer all the same when it was complete', () => {
    const lab = new Lab(1)
      .connect()
      .lease(1)
      .do({ type: 'disconnected' })
      .connect([lease(1)]);
    expect(lab.end(0, lease(1)).sends).to.deep.equal(['1 completed 1/0#1']);
  });

  it('opens a new stream for a lease whose program it lacks', () => {
    const lab = new Lab().connect();
    const run = { job: 3, firstIndex: 0, attempt: 1, payloads: [new Uint8Array()] };
    lab.do({ type: 'leases-received', programs: [], runs: [run] });
    expect(lab.of('reconnect')).to.have.length(1);
    expect(lab.state.programs.size).to.equal(0);
  });

  it('forgets the programs that were idle longest, and none that has a lease', () => {
    const lab = new Lab(1).connect().lease(1);
    for (let job = 2; job <= MAX_IDLE_PROGRAMS + 4; job += 1) {
      lab.do({ type: 'leases-received', programs: [program(job)], runs: [] });
    }
    expect(lab.state.programs.has(1)).to.equal(true);
    expect(lab.state.programs.has(4)).to.equal(false);
    expect(lab.of('forget-program').map(({ job }) => job)).to.deep.equal([4]);
    expect(lab.state.idlePrograms.size).to.equal(MAX_IDLE_PROGRAMS);
  });

  it('takes acknowledgements late, twice, and of what it never sent', () => {
    const lab = new Lab(1).connect().lease(1).end(0, lease(1));
    lab.do({ type: 'answers-recorded', seq: 0 }).do({ type: 'answers-recorded', seq: 1 });
    lab.do({ type: 'answers-recorded', seq: 1 }).do({ type: 'answers-recorded', seq: 99 });
    expect(lab.state.acknowledgedSeq).to.equal(1);
    expect(lab.lease(2).end(0, lease(2)).sends).to.deep.equal(['2 completed 2/0#1']);
  });
});

describe('worker core: kills', () => {
  it('kills what is in a slot there, and answers at once for what waits', () => {
    const lab = new Lab(1).connect().lease(1);
    lab.now += 1;
    lab.end(0, lease(1)).lease(2, { count: 20 });
    const waitsInSlot = lab.state.slots[0]?.held.length ?? 0;
    expect(waitsInSlot).to.equal(10);
    lab.do({
      type: 'kill-received',
      reason: 'enough',
      leases: [lease(2, 0), lease(2, 5), lease(2, 15), lease(8, 8)],
    });
    expect(lab.of('kill').map((effect) => [effect.lease.index, effect.reason])).to.deep.equal([
      [0, 'enough'],
      [5, 'enough'],
    ]);
    expect(lab.sends).to.deep.equal(['2 killed 2/15#1']);
    lab.report(ended(0, lease(2, 5), 'killed'), ended(0, lease(2, 0), 'killed'));
    expect(lab.sends).to.deep.equal(['3 killed 2/5#1, killed 2/0#1']);
  });
});

describe('worker core: blobs', () => {
  it('fetches the blobs of a program once, and starts its tasks when they are here', () => {
    const lab = new Lab(2).connect();
    const run = { job: 1, firstIndex: 0, attempt: 1, payloads: [new Uint8Array(), new Uint8Array()] };
    lab.do({ type: 'leases-received', programs: [program(1, 'ada', [blob])], runs: [run] });
    expect(lab.of('fetch-program')).to.have.length(1);
    expect(lab.runs).to.deep.equal([]);
    expect(lab.do({ type: 'program-fetched', job: 1 }).runs).to.deep.equal(['0:1/0#1', '1:1/1#1']);
    expect(lab.do({ type: 'program-fetched', job: 1 }).effects).to.deep.equal([]);
  });

  it('waits for an input and for the program that it belongs to', () => {
    const lab = new Lab(1).connect();
    const run = {
      job: 1,
      firstIndex: 4,
      attempt: 1,
      payloads: [new Uint8Array([1])],
      inputs: new Map([[0, blob]]),
    };
    lab.do({ type: 'leases-received', programs: [program(1, 'ada', [blob])], runs: [run] });
    expect(lab.of('fetch-input')[0]?.lease.index).to.equal(4);
    expect(lab.do({ type: 'program-fetched', job: 1 }).runs).to.deep.equal([]);
    expect(lab.do({ type: 'input-fetched', lease: lease(1, 4) }).runs).to.deep.equal(['0:1/4#1']);
  });

  it('fails the attempts whose blobs do not come, and tries again for the next', () => {
    const lab = new Lab(1).connect();
    const run = { job: 1, firstIndex: 0, attempt: 1, payloads: [new Uint8Array()] };
    lab.do({ type: 'leases-received', programs: [program(1, 'ada', [blob])], runs: [run] });
    expect(lab.do({ type: 'program-failed', job: 1, reason: 'gone' }).sends).to.deep.equal([
      '1 failed 1/0#1',
    ]);
    lab.do({ type: 'leases-received', programs: [], runs: [{ ...run, attempt: 2 }] });
    expect(lab.of('fetch-program')).to.have.length(1);
    const withInput = {
      job: 2,
      firstIndex: 0,
      attempt: 1,
      payloads: [new Uint8Array([1])],
      inputs: new Map([[0, blob]]),
    };
    lab.do({ type: 'leases-received', programs: [program(2)], runs: [withInput] });
    expect(lab.do({ type: 'input-failed', lease: lease(2), reason: 'gone' }).sends).to.deep.equal([
      '2 failed 2/0#1',
    ]);
  });

  it('stores a large answer before it sends it; the slot works on meanwhile', () => {
    const lab = new Lab(1).connect().lease(1, { count: 2 });
    lab.now += 30;
    lab.report({ type: 'ended-large', slot: 0, lease: lease(1, 0) });
    expect(lab.of('store-answer').map((effect) => effect.lease)).to.deep.equal([lease(1, 0)]);
    expect(lab.runs).to.deep.equal(['0:1/1#1']);
    expect(lab.sends).to.deep.equal([]);
    lab.do({ type: 'answer-stored', lease: lease(1, 0), outcome: 'completed', record: new Uint8Array(3) });
    expect(lab.sends).to.deep.equal(['1 completed 1/0#1']);
  });
});

describe('worker core: blobs that get lost', () => {
  it('fetches the blobs of a program again that were evicted', () => {
    const lab = new Lab(1).connect();
    const run = { job: 1, firstIndex: 0, attempt: 1, payloads: [new Uint8Array()] };
    lab.do({ type: 'leases-received', programs: [program(1, 'ada', [blob])], runs: [run] });
    lab.do({ type: 'program-fetched', job: 1 }).end(0, lease(1));
    lab.do({ type: 'blob-evicted', sha256: 'ff'.repeat(32) });
    expect(lab.lease(1, { attempt: 2 }).runs).to.have.length(1);
    lab.do({ type: 'blob-evicted', sha256: blob.sha256 });
    expect(lab.lease(1, { attempt: 3 }).of('fetch-program')).to.have.length(1);
  });

  it('fails an attempt whose large answer cannot be stored', () => {
    const lab = new Lab(1)
      .connect()
      .lease(1)
      .report({ type: 'ended-large', slot: 0, lease: lease(1) });
    lab.do({ type: 'answer-not-stored', lease: lease(1), reason: 'too large' });
    const [sent] = lab.of('send').flatMap(({ message }) => (message.type === 'answers' ? message.ends : []));
    expect(sent).to.include({ outcome: 'failed', kind: 'not-sendable', reason: 'too large' });
  });
});

describe('worker core: draining', () => {
  it('returns what waits, finishes what runs, and is done when all is recorded', () => {
    const lab = new Lab(1).connect().lease(1);
    lab.now += 1;
    lab.end(0, lease(1)).lease(2, { count: 12 });
    lab.do({ type: 'drain-received', reason: 'SIGTERM', stop: true });
    expect(lab.of('announce-drain')).to.have.length(1);
    expect(lab.of('revoke')[0]?.leases).to.have.length(9);
    expect(lab.state.counts).to.include({ queued: 0, slot: 1 });
    expect(lab.credits).to.deep.equal([0]);
    expect(lab.lease(3).sends).to.deep.equal(['3 returned 3/0#1']);
    expect(lab.end(0, lease(2, 0)).of('drained')).to.deep.equal([]);
    lab.do({ type: 'answers-recorded', seq: 4 });
    expect(lab.of('drained')).to.deep.equal([]);
    lab.do({ type: 'drain-received', reason: 'as the worker said', stop: false, isFromServer: true });
    expect(lab.of('drained')).to.deep.equal([{ type: 'drained', reason: 'SIGTERM', stop: true }]);
  });

  it('waits for the leases that are on their way', () => {
    const lab = new Lab(1).connect().do({ type: 'drain-received', reason: 'SIGTERM', stop: true });
    expect(lab.of('drained')).to.deep.equal([]);
    expect(lab.lease(1).sends).to.deep.equal(['1 returned 1/0#1']);
    lab.do({ type: 'drain-received', reason: 'as the worker said', stop: false, isFromServer: true });
    expect(lab.of('drained')).to.deep.equal([]);
    expect(lab.do({ type: 'answers-recorded', seq: 1 }).of('drained')).to.have.length(1);
  });

  it('is done at once when it holds nothing and is not connected', () => {
    const lab = new Lab().do({ type: 'drain-received', reason: 'SIGINT', stop: true });
    expect(lab.of('drained')).to.have.length(1);
    expect(lab.do({ type: 'drain-received', reason: 'again', stop: true }).effects).to.deep.equal([]);
  });

  it('takes leases again when it is resumed, and not when it is to end', () => {
    const lab = new Lab(1).connect();
    lab.do({ type: 'drain-received', reason: 'repair', stop: false, isFromServer: true });
    expect(lab.of('announce-drain')).to.deep.equal([]);
    expect(lab.of('drained')).to.have.length(1);
    expect(lab.credits).to.deep.equal([0]);
    lab.now += 20;
    lab.do({ type: 'resume-received' });
    expect(lab.credits).to.deep.equal([2]);
    expect(lab.lease(1).of('run')).to.have.length(1);
    lab.end(0, lease(1)).do({ type: 'answers-recorded', seq: 1 });
    lab.do({ type: 'drain-received', reason: 'SIGTERM', stop: true });
    expect(lab.of('announce-drain')).to.deep.equal([
      { type: 'announce-drain', reason: 'SIGTERM', stop: true },
    ]);
    lab.do({ type: 'resume-received' });
    expect(lab.state.draining).to.include({ stop: true });
    lab.do({ type: 'drain-received', reason: 'as the worker said', stop: false, isFromServer: true });
    expect(lab.of('drained')).to.have.length(1);
  });

  it('says that it will end though it drains already', () => {
    const lab = new Lab(1).connect();
    lab.do({ type: 'drain-received', reason: 'repair', stop: false, isFromServer: true });
    lab.do({ type: 'drain-received', reason: 'SIGTERM', stop: true });
    expect(lab.of('announce-drain')).to.deep.equal([
      { type: 'announce-drain', reason: 'SIGTERM', stop: true },
    ]);
    expect(lab.of('drained')).to.have.length(1);
  });

  it('says again that it drains after a reconnect, and can be told to stop later', () => {
    const upgrade = { type: 'drain-received', reason: 'upgrade', stop: false, isFromServer: true } as const;
    const lab = new Lab().connect().do(upgrade);
    expect(lab.of('drained').map(({ stop }) => stop)).to.deep.equal([false]);
    lab.do({ type: 'disconnected' }).connect();
    expect(lab.of('announce-drain')).to.have.length(1);
    lab.do({ type: 'drain-received', reason: 'and stop', stop: true, isFromServer: true });
    expect(lab.of('drained').map(({ stop }) => stop)).to.deep.equal([true]);
  });
});
