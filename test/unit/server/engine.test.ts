import { expect } from 'chai';

import { messageOf } from '#dsage/model/errors.js';
import type { Send } from '#dsage/server/core/effects.js';
import type { Event } from '#dsage/server/core/events.js';
import { emptyState } from '#dsage/server/core/state.js';
import type { Write } from '#dsage/server/core/writes.js';
import { Engine } from '#dsage/server/engine.js';
import { MemoryStore } from '#dsage/server/store/memory.js';

import { refusal } from '../../support/rejection.js';
import { CONFIG, payloads, specOf } from '../../support/server-lab.js';

/** A store whose commits wait until the test lets them through. */
class SlowStore extends MemoryStore {
  readonly commits: { readonly writes: readonly Write[]; readonly land: () => Promise<void> }[] = [];

  override commit(writes: readonly Write[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.commits.push({
        writes,
        land: async () => {
          await super.commit(writes).then(resolve, reject);
          await turn();
        },
      });
    });
  }
}

function setUp<S extends MemoryStore>(store: S, how: { tickMs?: number; onDeliver?: () => void } = {}) {
  const sends: Send[] = [];
  const fatal: unknown[] = [];
  let flushes = 0;
  const state = emptyState({ ...CONFIG, tickMs: how.tickMs ?? CONFIG.tickMs });
  const engine = new Engine({
    state,
    store,
    now: () => 1_700_000_000_000,
    deliver: (send) => {
      how.onDeliver?.();
      sends.push(send);
    },
    flush: () => {
      flushes += 1;
    },
    onFatal: (error) => fatal.push(error),
  });
  return { engine, store, sends, fatal, state, flushes: () => flushes };
}

function submission(seq: number, tasks = 1): Event {
  const from = { session: 's', connection: 1, seq, owner: 'ada', spec: specOf({}), closed: true };
  return { type: 'job-submitted', ...from, payloads: payloads(tasks) };
}

const kill = (request: number, ...jobs: number[]): Event => ({
  type: 'jobs-killed',
  request,
  jobs,
  reason: 'x',
});

describe('Engine', () => {
  it('commits all that came in one turn together, and sends only after that', async () => {
    const { engine, store, sends, flushes } = setUp(new SlowStore());
    engine.post(submission(1));
    engine.post(submission(2));
    expect(store.commits).to.have.lengthOf(0);
    await turn();
    expect(store.commits).to.have.lengthOf(1);
    expect(sends).to.deep.equal([]);
    await store.commits[0]?.land();
    expect(sends.map(({ type }) => type)).to.deep.equal(['accept', 'accept']);
    expect(flushes()).to.equal(1);
    expect(engine.figures.commits).to.equal(1);
  });

  it('gathers what comes during a commit for the next one', async () => {
    const { engine, store, sends } = setUp(new SlowStore());
    engine.post(submission(1));
    await turn();
    engine.post(submission(2));
    engine.post(submission(3));
    await turn();
    expect(store.commits).to.have.lengthOf(1);
    await store.commits[0]?.land();
    expect(sends).to.have.lengthOf(1);
    await turn();
    expect(store.commits).to.have.lengthOf(2);
    await store.commits[1]?.land();
    expect(sends).to.have.lengthOf(3);
  });

  it('keeps an ended job in the state until its end is on disk', async () => {
    const { engine, store, state } = setUp(new SlowStore());
    engine.post(submission(1, 0));
    await turn();
    expect(state.jobs.size).to.equal(1);
    await store.commits[0]?.land();
    expect(state.jobs.size).to.equal(0);
  });

  it('settles when no commit is under way', async () => {
    const { engine, store } = setUp(new SlowStore());
    await engine.settled();
    engine.post(submission(1));
    await turn();
    let isSettled = false;
    const settled = engine.settled().then(() => {
      isSettled = true;
    });
    await turn();
    expect(isSettled).to.equal(false);
    await store.commits[0]?.land();
    await settled;
  });

  it('answers who asked, with the jobs or with the problem', async () => {
    const { engine } = setUp(new MemoryStore());
    engine.post(submission(1));
    expect((await engine.ask((request) => kill(request, 1))).jobs).to.deep.equal([1]);
    const problem = await refusal(
      engine.ask((request) => ({ type: 'drain-asked', request, worker: 9, reason: '', stop: false })),
    );
    expect(problem.code).to.equal('not-found');
  });

  it('reads the store for a rerun only when all before it is stored', async () => {
    const { engine, store } = setUp(new MemoryStore());
    engine.post(submission(1));
    const asked = [engine.ask((request) => kill(request, 1))];
    const read = () => {
      const record = store.job(1);
      return record === undefined ? undefined : { record, ends: store.ends(1, 0) };
    };
    asked.push(
      engine.ask((request) => ({
        type: 'job-rerun',
        request,
        job: 1,
        onlyFailed: false,
        read,
        readJob: () => undefined,
      })),
    );
    asked.push(engine.ask((request) => kill(request, 1)));
    expect((await Promise.all(asked)).map(({ jobs }) => jobs)).to.deep.equal([[1], [1], [1]]);
    expect(store.job(1)?.state).to.include({ status: 'killed', generation: 1 });
  });

  it('stops for good when a commit fails, and says so once', async () => {
    const { engine, store, fatal, sends } = setUp(new MemoryStore());
    store.fail('the disk is full');
    const asked = engine.ask((request) => ({ type: 'user-removed', request, name: 'bob' }));
    engine.post(submission(1));
    expect((await refusal(asked)).code).to.equal('unavailable');
    expect(fatal.map(messageOf)).to.deep.equal(['the disk is full']);
    expect(sends).to.deep.equal([]);
    engine.post(submission(2));
    await turn();
    expect((await refusal(engine.ask((request) => kill(request, 1)))).code).to.equal('unavailable');
    expect(fatal).to.have.lengthOf(1);
    await engine.stop();
  });

  it('stops for good when the core contradicts itself or a send throws', async () => {
    const broken = setUp(new MemoryStore());
    broken.engine.post({ type: 'nonsense' } as unknown as Event);
    broken.engine.post({ ...submission(1), payloads: undefined } as unknown as Event);
    await turn();
    expect(broken.fatal).to.have.lengthOf(1);
    const mute = setUp(new MemoryStore(), {
      onDeliver: () => {
        throw new Error('no voice');
      },
    });
    mute.engine.post(submission(1));
    await turn();
    expect(mute.fatal.map(messageOf)).to.deep.equal(['no voice']);
  });

  it('stores what has come before it stops, and takes nothing afterwards', async () => {
    const { engine, store, sends } = setUp(new MemoryStore());
    engine.start();
    engine.post(submission(1));
    await engine.stop();
    await engine.stop();
    expect(store.job(1)).to.not.equal(undefined);
    expect(sends).to.have.lengthOf(1);
    engine.post(submission(2));
    await turn();
    expect(store.job(2)).to.equal(undefined);
    expect((await refusal(engine.ask((request) => kill(request, 1)))).code).to.equal('unavailable');
  });

  it('ticks while it runs', async () => {
    const { engine, flushes } = setUp(new MemoryStore(), { tickMs: 1 });
    engine.start();
    while (flushes() < 3) await turn();
    await engine.stop();
    const before = flushes();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(flushes()).to.equal(before);
  });
});

/** Two turns of the event loop: one for the engine's batch, one for what follows from it. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
