import { expect } from 'chai';

import { check } from '#dsage/server/core/check.js';
import type { LiveJob, State } from '#dsage/server/core/state.js';
import { statusOf } from '#dsage/server/core/state.js';
import { evict, transition } from '#dsage/server/core/transition.js';
import { restore } from '#dsage/server/restore.js';

import { Random } from '../../support/random.js';
import { History } from '../../support/server-history.js';
import { ServerLab } from '../../support/server-lab.js';

const HISTORIES = 150;
const STEPS = 60;

describe('restore', () => {
  it('finds nothing in an empty store', () => {
    const lab = new ServerLab().restart();
    expect(lab.state.jobs.size + lab.state.grants.size + lab.state.workers.size).to.equal(0);
  });

  it('gives leases the lease time to come back, and loses what does not', () => {
    const lab = new ServerLab();
    const [first, second] = [lab.worker({ slots: 1 }), lab.worker({ slots: 1 })];
    const job = lab.submit({ tasks: 3 });
    lab.restart();
    expect(lab.held(first)).to.deep.equal([{ job, index: 0, attempt: 1 }]);
    lab.pass(20_000).register(first, [{ job, index: 0, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([]);
    expect(lab.leased()).to.deep.equal([]);
    lab.pass(11_000);
    expect(lab.held(second)).to.deep.equal([]);
    expect(lab.store.failures(job, 1)).to.have.lengthOf(1);
    expect(lab.held(first)).to.have.lengthOf(1);
  });

  it('still takes the answer of a lease that had run out before the restart', () => {
    const lab = new ServerLab();
    const worker = lab.worker({ slots: 1 });
    const job = lab.submit({ tasks: 1 });
    lab
      .disconnect(worker)
      .pass(31_000)
      .restart()
      .register(worker, [{ job, index: 0, attempt: 1 }]);
    expect(lab.sends('welcome')[0]?.stale).to.deep.equal([]);
    lab.answers(worker, { job, index: 0, attempt: 1 });
    expect(lab.store.end(job, 0)).to.include({ status: 'completed', attempt: 1 });
  });

  it('forgets grants whose worker or tasks are gone', () => {
    const lab = new ServerLab();
    const runs = [{ job: 9, firstIndex: 0, count: 2, attempt: 1 }];
    lab.store.apply([{ type: 'put-grant', grant: { id: 5, worker: 1, runs } }]);
    lab.restart();
    expect([...lab.store.grants()]).to.deep.equal([]);
    expect(lab.state.lastGrant).to.equal(5);
  });

  it('announces nothing anew, and goes on where the live state would have', () => {
    for (let seed = 1; seed <= HISTORIES; seed += 1) compareAlong(seed);
  });
});

/** Restores after every step of a random history, and compares with the state that lived on. */
function compareAlong(seed: number): void {
  const history = new History(new Random(seed));
  for (let step = 0; step < STEPS; step += 1) {
    history.step();
    const { lab } = history;
    const store = lab.store.clone();
    const { state, writes } = restore(store, lab.config, lab.now);
    store.apply(writes);
    check(state);
    const where = `seed ${String(seed)}, step ${String(step)}`;
    compare(state, lab.state, where);
    // A tick without news writes and says nothing.
    const quiet = transition(state, [{ type: 'ticked' }], lab.now);
    expect(quiet, where).to.deep.equal({ writes: [], sends: [], ended: [] });
    if (step % 20 !== 19) continue;
    loseEverybody(state, lab.now);
    for (const job of state.jobs.values()) expect(job.leases.size, where).to.equal(0);
  }
}

function compare(restored: State, live: State, where: string): void {
  expect([...restored.jobs.keys()], where).to.have.members([...live.jobs.keys()]);
  const { lastJob, lastGrant, lastWorker } = live;
  expect(restored, where).to.include({ lastJob, lastGrant, lastWorker });
  for (const [id, job] of live.jobs) {
    const copy = restored.jobs.get(id);
    if (copy !== undefined) compareJob(copy, job, `${where}, job ${String(id)}`);
  }
}

function compareJob(restored: LiveJob, live: LiveJob, where: string): void {
  expect(restored.state, where).to.deep.equal(live.state);
  expect(sorted(restored.failures), where).to.deep.equal(sorted(live.failures));
  expect(restored.told, where).to.deep.equal({ ...live.told, status: statusOf(restored) });
  expect(sorted([...openOf(restored)].map((index) => [index, 0])), where).to.deep.equal(
    sorted([...openOf(live)].map((index) => [index, 0])),
  );
  // Every lease is known again. There may be more: a grant is stored until the last of its tasks has ended.
  for (const [index, { grant, attempt, blamed }] of live.leases) {
    // It had run out, was counted as a failure, and was taken up again: it is taken up once more if it comes back.
    if (blamed) continue;
    expect(restored.leases.get(index)?.grant.id, `${where}, task ${String(index)}`).to.equal(grant.id);
    expect(restored.leases.get(index)?.attempt, `${where}, task ${String(index)}`).to.equal(attempt);
  }
  for (const [index, holdings] of live.lapsed) {
    const known = [...(restored.lapsed.get(index) ?? []), restored.leases.get(index)];
    for (const { grant, attempt, blamed } of holdings) {
      const copy = known.find((it) => it?.grant.id === grant.id && it.attempt === attempt);
      expect(copy?.blamed, `${where}, lapsed task ${String(index)}`).to.equal(blamed);
    }
  }
}

function loseEverybody(state: State, now: number): void {
  let clock = now;
  for (let tick = 0; tick < 20; tick += 1) {
    clock += state.config.tickMs;
    evict(state, transition(state, [{ type: 'ticked' }], clock).ended);
    check(state);
  }
}

function openOf(job: LiveJob): Set<number> {
  const open = new Set(job.leases.keys());
  if (job.coordinatorWaits) open.add(0);
  for (const { first, count } of job.waiting.runs()) {
    for (let index = first; index < first + count; index += 1) open.add(index);
  }
  return open;
}

function sorted(entries: Iterable<readonly number[]>): (readonly number[])[] {
  return [...entries].sort(([a = 0], [b = 0]) => a - b);
}
