/** What every store must do: one suite, run on each. */
import { expect } from 'chai';

import type { JobSpec } from '#dsage/model/job.js';
import type { Write } from '#dsage/server/core/writes.js';
import type { Store } from '#dsage/server/store/store.js';
import { everythingIn, plain } from './everything.js';
import {
  answerOf,
  blobOf,
  bytes,
  chunkOf,
  failureOf,
  jobOf,
  putJob,
  putTasks,
  specOf,
  stateOf,
  T0,
  userOf,
  workerOf,
} from './samples.js';

export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store, and opens what it left. */
  reopen(): Promise<Store>;
  /** Closes whatever is open and removes what is on disk. */
  dispose(): Promise<void>;
}

export function exerciseStore(name: string, open: () => StoreUnderTest): void {
  describe(`${name} as a store`, () => {
    let opened: StoreUnderTest;
    let store: Store;

    beforeEach(() => {
      opened = open();
      store = opened.store;
    });

    afterEach(() => opened.dispose());

    exerciseJobs(() => store);
    exerciseTasks(() => store);
    exerciseAnswers(() => store);
    exerciseRecords(() => store);
    exerciseForgetting(() => store);
    exerciseBlobs(() => store);

    it('keeps everything when it is closed and opened again', async () => {
      await store.commit([
        putJob(1, { spec: specOf({ ttlMs: 10 }), state: stateOf({ status: 'failed', endedAtMs: T0 }) }),
        putTasks(1, 0, bytes(1), bytes(), bytes(2, 2)),
        answerOf(1, 2, 0),
        failureOf(1, 0, 1),
        { type: 'put-output', chunks: [chunkOf(1, 1, 2, 0)] },
        {
          type: 'put-grant',
          grant: { id: 9, worker: 1, runs: [{ job: 1, firstIndex: 0, count: 2, attempt: 1 }] },
        },
        { type: 'put-worker', worker: workerOf(1) },
        { type: 'put-user', user: userOf('alice') },
        putJob(3, { spec: specOf({ attachments: [] }) }),
        putTasks(3, 0, blobOf(1).payload),
        answerOf(3, 0, 0, { blob: blobOf(2).payload }),
      ]);
      await store.commit([{ type: 'clear-job', job: 1 }, answerOf(1, 0, 0), answerOf(1, 1, 1)]);
      await store.commit([
        { type: 'delete-end', job: 1, index: 0 },
        putJob(2),
        { type: 'forget-job', job: 2 },
        { type: 'clear-job', job: 3 },
        answerOf(3, 0, 0, { blob: blobOf(4).payload }),
      ]);
      const before = everythingIn(store, [1, 2, 3]);
      const again = await opened.reopen();
      expect(everythingIn(again, [1, 2, 3])).to.deep.equal(before);
      expect([1, 2, 4].map((n) => again.usesBlob(blobOf(n).sha256))).to.deep.equal([true, false, true]);
      expect(again.expiredJobs(T0 + 10, 5)).to.deep.equal([1]);
      expect(again.numbers()).to.deep.equal({ lastJob: 3, lastGrant: 9, lastWorker: 1 });
    });

    it('refuses commits once it is closed', async () => {
      await store.close();
      await store.close();
      const refused = await store.commit([putJob(1)]).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(refused).to.have.property('code', 'closed');
    });
  });
}

function exerciseJobs(get: () => Store): void {
  it('gives a job back as it was put, with its latest state', async () => {
    const store = get();
    await store.commit([putJob(3, { session: 'sé', seq: 2 ** 40 })]);
    expect(plain(store.job(3))).to.deep.equal(plain(jobOf(3, { session: 'sé', seq: 2 ** 40 })));
    expect(store.submission('sé', 2 ** 40)).to.equal(3);
    expect(store.submission('sé', 1)).to.equal(undefined);
    const state = stateOf({ status: 'paused', taskCount: 1_000_000, reason: 'because', maxAttempt: 4 });
    await store.commit([{ type: 'put-job-state', job: 3, state }]);
    expect(plain(store.job(3)?.state)).to.deep.equal(state);
    expect(store.job(4)).to.equal(undefined);
  });

  it('is not changed by what happens to a state that it gave or was given', async () => {
    const store = get();
    const state = stateOf();
    await store.commit([putJob(1, { state })]);
    state.ends.failed = 5;
    const given = store.job(1)?.state;
    expect(given?.ends.failed).to.equal(0);
    given!.ends.failed = 6;
    expect(store.job(1)?.state.ends.failed).to.equal(0);
  });

  it('lists jobs in both directions, from any of them', async () => {
    const store = get();
    await store.commit([1, 2, 5, 300, 70_000].map((id) => putJob(id)));
    const ids = (options: { newestFirst: boolean; from?: number }): number[] =>
      Array.from(store.jobs(options), ({ id }) => id);
    expect(ids({ newestFirst: false })).to.deep.equal([1, 2, 5, 300, 70_000]);
    expect(ids({ newestFirst: true })).to.deep.equal([70_000, 300, 5, 2, 1]);
    expect(ids({ newestFirst: false, from: 5 })).to.deep.equal([5, 300, 70_000]);
    expect(ids({ newestFirst: false, from: 6 })).to.deep.equal([300, 70_000]);
    expect(ids({ newestFirst: true, from: 5 })).to.deep.equal([5, 2, 1]);
    expect(ids({ newestFirst: true, from: 4 })).to.deep.equal([2, 1]);
  });

  it('lists many jobs, page by page, without a gap', async () => {
    const store = get();
    await store.commit(Array.from({ length: 500 }, (_, i) => putJob(i + 1)));
    const ids = Array.from({ length: 500 }, (_, i) => i + 1);
    expect(Array.from(store.jobs({ newestFirst: false }), ({ id }) => id)).to.deep.equal(ids);
    expect(Array.from(store.jobs({ newestFirst: true }), ({ id }) => id)).to.deep.equal(ids.toReversed());
    expect(Array.from(store.unfinishedJobs(), ({ id }) => id)).to.deep.equal(ids);
  });

  it('knows which jobs are unfinished, also after a rerun', async () => {
    const store = get();
    const unfinished = (): number[] => Array.from(store.unfinishedJobs(), ({ id }) => id);
    await store.commit([1, 2, 3].map((id) => putJob(id)));
    await store.commit([
      { type: 'put-job-state', job: 2, state: stateOf({ status: 'completed', endedAtMs: T0 }) },
      { type: 'put-job-state', job: 3, state: stateOf({ status: 'paused' }) },
    ]);
    expect(unfinished()).to.deep.equal([1, 3]);
    await store.commit([{ type: 'put-job-state', job: 2, state: stateOf({ generation: 1 }) }]);
    expect(unfinished()).to.deep.equal([1, 2, 3]);
  });

  it('keeps which task was lost first, for as long as its job says so', async () => {
    const store = get();
    const lost = { firstLost: { index: 3, status: 'failed' as const, message: 'TypeError: no good' } };
    await store.commit([putJob(7, { state: stateOf(lost) })]);
    expect(store.job(7)?.state).to.deep.equal(stateOf(lost));
    const ended = stateOf({ status: 'failed', reason: 'TypeError: no good' });
    await store.commit([{ type: 'put-job-state', job: 7, state: ended }]);
    expect(store.job(7)?.state).to.deep.equal(ended);
  });

  it('keeps what a job waits for, and whether it still does', async () => {
    const store = get();
    const spec = specOf({ after: [1, 2 ** 40] });
    await store.commit([putJob(7, { spec, state: stateOf({ blocked: true }) })]);
    expect(store.job(7)).to.deep.include({ spec, state: stateOf({ blocked: true }) });
    expect([...store.unfinishedJobs()][0]?.state).to.deep.equal(stateOf({ blocked: true }));
    await store.commit([{ type: 'put-job-state', job: 7, state: stateOf() }]);
    expect(store.job(7)?.state).to.deep.equal(stateOf());
    expect(store.job(7)?.spec.after).to.deep.equal([1, 2 ** 40]);
  });

  it('finds expired jobs in the order in which they expire', async () => {
    const store = get();
    const ended = (ttlMs: number, endedAtMs: number): object => ({
      spec: specOf({ ttlMs }),
      state: stateOf({ status: 'completed', endedAtMs }),
    });
    await store.commit([
      putJob(1, ended(1000, T0 + 5)),
      putJob(2, ended(500, T0)),
      putJob(3, ended(0, T0)),
      putJob(4, { spec: specOf({ ttlMs: 1 }) }),
      putJob(5, ended(1000, T0)),
    ]);
    expect(store.expiredJobs(T0 + 499, 10)).to.deep.equal([]);
    expect(store.expiredJobs(T0 + 500, 10)).to.deep.equal([2]);
    expect(store.expiredJobs(T0 + 1005, 10)).to.deep.equal([2, 5, 1]);
    expect(store.expiredJobs(T0 + 1005, 2)).to.deep.equal([2, 5]);
    await store.commit([
      { type: 'put-job-state', job: 2, state: stateOf({ generation: 1 }) },
      { type: 'put-job-state', job: 4, state: stateOf({ status: 'killed', endedAtMs: T0 }) },
      { type: 'forget-job', job: 1 },
    ]);
    expect(store.expiredJobs(T0 + 10_000, 10)).to.deep.equal([4, 5]);
    while (await store.sweep());
    expect(store.expiredJobs(T0 + 10_000, 10)).to.deep.equal([4, 5]);
    await store.commit([
      { type: 'put-job-state', job: 2, state: stateOf({ status: 'completed', endedAtMs: T0 + 7000 }) },
    ]);
    expect(store.expiredJobs(T0 + 10_000, 10)).to.deep.equal([4, 5, 2]);
  });
}

function exerciseTasks(get: () => Store): void {
  it('gives payloads back byte for byte, empty and large ones too', async () => {
    const store = get();
    const large = new Uint8Array(300_000).map((_, i) => i % 251);
    await store.commit([putJob(1), putTasks(1, 0, bytes(), bytes(0), large), putTasks(1, 3, bytes(9))]);
    expect(store.tasks(1, 0, 4).map((payload) => Array.from(payload))).to.deep.equal([
      [],
      [0],
      Array.from(large),
      [9],
    ]);
    expect(Array.from(store.task(1, 3)!)).to.deep.equal([9]);
    expect(store.tasks(1, 2, 0)).to.deep.equal([]);
    expect(store.task(1, 4)).to.equal(undefined);
    expect(store.task(2, 0)).to.equal(undefined);
    expect(() => store.tasks(1, 3, 2)).to.throw(/no task 4 of job 1/);
  });

  it('keeps payloads that were given as views into a larger buffer', async () => {
    const store = get();
    const message = Buffer.from('0123456789');
    await store.commit([putJob(1), putTasks(1, 0, message.subarray(2, 5), message.subarray(5, 5))]);
    expect(Buffer.from(store.task(1, 0)!).toString()).to.equal('234');
    expect(store.task(1, 1)?.length).to.equal(0);
  });

  it('keeps neighbouring jobs apart', async () => {
    const store = get();
    await store.commit([254, 255, 256, 257].flatMap((id) => [putJob(id), putTasks(id, 0, bytes(id % 256))]));
    await store.commit([answerOf(255, 0, 0), answerOf(256, 0, 0), { type: 'forget-job', job: 255 }]);
    while (await store.sweep());
    expect(Array.from(store.task(254, 0)!)).to.deep.equal([254]);
    expect(store.task(255, 0)).to.equal(undefined);
    expect(Array.from(store.task(256, 0)!)).to.deep.equal([0]);
    expect([...store.endedIndexes(256)]).to.deep.equal([0]);
    expect([...store.endedIndexes(254)]).to.deep.equal([]);
  });
}

function exerciseAnswers(get: () => Store): void {
  it('gives answers in the order of their ordinals and ends in that of their indexes', async () => {
    const store = get();
    await store.commit([putJob(1)]);
    await store.commit([
      answerOf(1, 300, 0),
      answerOf(1, 2, 1, { status: 'failed', worker: 70_000, attempt: 3 }),
    ]);
    await store.commit([answerOf(1, 7, 2, { status: 'killed' })]);
    expect(Array.from(store.answers(1, 0), ({ ordinal }) => ordinal)).to.deep.equal([0, 1, 2]);
    expect(Array.from(store.answers(1, 2), ({ ordinal }) => ordinal)).to.deep.equal([2]);
    expect(plain(store.answer(1, 1))).to.deep.equal({ bytes: [3, 2, 1, 1] });
    expect(store.answer(1, 3)).to.equal(undefined);
    expect([...store.endedIndexes(1)]).to.deep.equal([2, 7, 300]);
    expect([...store.ends(1, 3)]).to.deep.equal([
      { index: 7, status: 'killed', ordinal: 2, worker: 7, attempt: 1 },
      { index: 300, status: 'completed', ordinal: 0, worker: 7, attempt: 1 },
    ]);
    expect(store.end(1, 2)).to.deep.equal({
      index: 2,
      status: 'failed',
      ordinal: 1,
      worker: 70_000,
      attempt: 3,
    });
    expect(store.end(1, 3)).to.equal(undefined);
  });

  it('reads many answers, page by page, without a gap', async () => {
    const store = get();
    const count = 10_000;
    await store.commit([
      putJob(1),
      ...Array.from({ length: count }, (_, i) => answerOf(1, count - 1 - i, i)),
    ]);
    const numbers = Array.from({ length: count }, (_, i) => i);
    expect(Array.from(store.answers(1, 0), ({ ordinal }) => ordinal)).to.deep.equal(numbers);
    expect([...store.endedIndexes(1)]).to.deep.equal(numbers);
    expect(Array.from(store.ends(1, 0), ({ ordinal }) => ordinal)).to.deep.equal(numbers.toReversed());
  });

  it('skips the answer of an end that was deleted, and takes the next one', async () => {
    const store = get();
    await store.commit([
      putJob(1),
      answerOf(1, 0, 0),
      answerOf(1, 1, 1, { status: 'failed' }),
      answerOf(1, 2, 2),
    ]);
    await store.commit([{ type: 'delete-end', job: 1, index: 1 }]);
    expect(store.end(1, 1)).to.equal(undefined);
    expect(store.answer(1, 1)).to.equal(undefined);
    expect(Array.from(store.answers(1, 0), ({ ordinal }) => ordinal)).to.deep.equal([0, 2]);
    await store.commit([answerOf(1, 1, 3)]);
    expect(Array.from(store.answers(1, 0), ({ ordinal }) => ordinal)).to.deep.equal([0, 2, 3]);
    expect(store.end(1, 1)?.ordinal).to.equal(3);
  });

  it('takes back an end of the same commit', async () => {
    const store = get();
    await store.commit([
      putJob(1),
      answerOf(1, 0, 0),
      { type: 'delete-end', job: 1, index: 0 },
      answerOf(1, 0, 1),
    ]);
    expect(Array.from(store.answers(1, 0), ({ ordinal }) => ordinal)).to.deep.equal([1]);
  });

  it('clears all that was recorded of a job, and nothing else', async () => {
    const store = get();
    const recorded = (job: number): unknown => [
      [...store.answers(job, 0)].length,
      [...store.endedIndexes(job)].length,
      store.failures(job, 0).length,
      [...store.output(job, {})].length,
    ];
    const record = (job: number): Parameters<Store['commit']>[0] => [
      answerOf(job, 0, 0),
      failureOf(job, 0, 1),
      { type: 'put-output', chunks: [chunkOf(job, 0, 1, 0)] },
    ];
    await store.commit([putJob(1), putTasks(1, 0, bytes(5)), putJob(2), ...record(1), ...record(2)]);
    await store.commit([{ type: 'clear-job', job: 1 }]);
    expect(recorded(1)).to.deep.equal([0, 0, 0, 0]);
    expect(recorded(2)).to.deep.equal([1, 1, 1, 1]);
    expect(Array.from(store.task(1, 0)!)).to.deep.equal([5]);
    await store.commit([...record(1), { type: 'clear-job', job: 2 }]);
    await store.commit([{ type: 'clear-job', job: 2 }, ...record(2), answerOf(2, 1, 1)]);
    while (await store.sweep());
    expect(recorded(1)).to.deep.equal([1, 1, 1, 1]);
    expect(recorded(2)).to.deep.equal([2, 2, 1, 1]);
  });
}

function exerciseRecords(get: () => Store): void {
  it('keeps the failures of every attempt, and counts them', async () => {
    const store = get();
    await store.commit([
      putJob(1),
      failureOf(1, 5, 2),
      failureOf(1, 5, 1),
      failureOf(1, 300, 4),
      failureOf(1, 5, 2),
    ]);
    expect(plain(store.failures(1, 5))).to.deep.equal([
      { attempt: 1, failure: { bytes: [5, 1] } },
      { attempt: 2, failure: { bytes: [5, 2] } },
    ]);
    expect(store.failures(1, 6)).to.deep.equal([]);
    expect([...store.failedAttempts(1)]).to.deep.equal([
      { index: 5, count: 2, lastAttempt: 2 },
      { index: 300, count: 1, lastAttempt: 4 },
    ]);
    expect([...store.failedAttempts(2)]).to.deep.equal([]);
  });

  it('keeps output in order, by task and by attempt', async () => {
    const store = get();
    const chunks = [chunkOf(1, 1, 2, 1), chunkOf(1, 1, 2, 0), chunkOf(1, 1, 1, 0), chunkOf(1, 0, 2, 0)];
    await store.commit([putJob(1), { type: 'put-output', chunks }]);
    const [second, first, early, other] = chunks.map(plain);
    expect(plain([...store.output(1, {})])).to.deep.equal([other, early, first, second]);
    expect(plain([...store.output(1, { index: 1 })])).to.deep.equal([early, first, second]);
    expect(plain([...store.output(1, { index: 1, attempt: 2 })])).to.deep.equal([first, second]);
    expect(plain([...store.output(1, { attempt: 2 })])).to.deep.equal([other, first, second]);
    expect(plain([...store.outputBackwards(1, {})])).to.deep.equal([second, first, early, other]);
    expect(plain([...store.outputBackwards(1, { index: 1 })])).to.deep.equal([second, first, early]);
    expect([...store.outputBackwards(1, { index: 2 })]).to.deep.equal([]);
  });

  it('keeps grants, workers and users, and the highest numbers', async () => {
    const store = get();
    const grant = (id: number): { id: number; worker: number; runs: [] } => ({ id, worker: 1, runs: [] });
    expect(store.numbers()).to.deep.equal({ lastJob: 0, lastGrant: 0, lastWorker: 0 });
    await store.commit([
      { type: 'put-grant', grant: grant(300) },
      { type: 'put-grant', grant: grant(2) },
      { type: 'put-worker', worker: workerOf(12) },
      { type: 'put-user', user: userOf('bob') },
      { type: 'put-user', user: userOf('alice') },
      { type: 'put-user', user: userOf('bob', { enabled: false }) },
      putJob(41),
    ]);
    expect(Array.from(store.grants(), ({ id }) => id)).to.deep.equal([2, 300]);
    expect(store.worker(12)).to.deep.equal(workerOf(12));
    expect(store.workerByInstance('instance-12')).to.deep.equal(workerOf(12));
    expect(store.workerByInstance('instance-1')).to.equal(undefined);
    expect(store.users()).to.deep.equal([userOf('alice'), userOf('bob', { enabled: false })]);
    await store.commit([
      { type: 'delete-grant', id: 300 },
      { type: 'delete-grant', id: 301 },
      { type: 'delete-user', name: 'alice' },
      { type: 'forget-job', job: 41 },
    ]);
    expect([...store.grants()]).to.deep.equal([grant(2)]);
    expect(store.users()).to.deep.equal([userOf('bob', { enabled: false })]);
    expect(store.numbers()).to.deep.equal({ lastJob: 41, lastGrant: 300, lastWorker: 12 });
  });
}

function exerciseForgetting(get: () => Store): void {
  it('forgets a job with all that belongs to it, at once', async () => {
    const store = get();
    await store.commit([
      putJob(1),
      putTasks(1, 0, bytes(1)),
      answerOf(1, 0, 0),
      failureOf(1, 0, 1),
      { type: 'put-output', chunks: [chunkOf(1, 0, 1, 0)] },
      { type: 'clear-job', job: 1 },
      answerOf(1, 0, 0),
    ]);
    const empty = everythingIn(store, [2]) as { contents: unknown[] };
    await store.commit([{ type: 'forget-job', job: 1 }]);
    const after = everythingIn(store, [1]) as { jobs: unknown[]; contents: unknown[]; unfinished: unknown[] };
    expect(after.contents).to.deep.equal(empty.contents);
    expect([after.jobs, after.unfinished, store.submission('s-1', 1)]).to.deep.equal([[], [], undefined]);
    while (await store.sweep());
    expect(everythingIn(store, [1])).to.deep.equal(after);
  });

  it('goes on with a lazy read over what is forgotten and added meanwhile', async () => {
    const store = get();
    await store.commit(Array.from({ length: 100 }, (_, i) => putJob(i + 1)));
    const jobs = store.jobs({ newestFirst: false })[Symbol.iterator]();
    expect((jobs.next().value as { id: number }).id).to.equal(1);
    await store.commit([2, 50, 99].map((job) => ({ type: 'forget-job', job })));
    const rest: number[] = [];
    for (let next = jobs.next(); next.done !== true; next = jobs.next()) rest.push(next.value.id);
    for (const id of [3, 49, 51, 98, 100]) expect(rest).to.include(id);
  });

  it('keeps commits that overlap, in their order', async () => {
    const store = get();
    const commits = [store.commit([putJob(1, { spec: specOf({ ttlMs: 5 }) })])];
    for (let i = 0; i < 50; i++)
      commits.push(store.commit([answerOf(1, i, i), { type: 'delete-end', job: 1, index: i }]));
    commits.push(store.commit([{ type: 'clear-job', job: 1 }, answerOf(1, 3, 0)]));
    commits.push(
      store.commit([{ type: 'put-job-state', job: 1, state: stateOf({ status: 'killed', endedAtMs: T0 }) }]),
    );
    commits.push(store.commit([putJob(2), { type: 'forget-job', job: 2 }]));
    await Promise.all(commits);
    expect([...store.endedIndexes(1)]).to.deep.equal([3]);
    expect(store.expiredJobs(T0 + 5, 9)).to.deep.equal([1]);
    expect(store.submission('s-1', 2)).to.equal(undefined);
  });
}

function exerciseBlobs(get: () => Store): void {
  /** Which of the blobs from 1 to 9 are used. */
  const used = (): number[] => [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((n) => get().usesBlob(blobOf(n).sha256));
  const attaching = (...blobs: readonly number[]): { spec: JobSpec } => ({
    spec: specOf({
      attachments: blobs.map((n) => ({ path: `${n}`, blob: { sha256: blobOf(n).sha256, sizeBytes: 5 } })),
    }),
  });
  const failureWith = (job: number, n: number): Write => ({
    ...{ type: 'put-failure', job, index: 0, attempt: 1 },
    failure: blobOf(n).payload,
  });

  it('uses the blobs that a job names, in whatever place, and no others', async () => {
    const store = get();
    await store.commit([
      putJob(1, { spec: { ...attaching(1, 2).spec, program: blobOf(3).payload } }),
      putTasks(1, 0, bytes(), bytes(0, 1), blobOf(4).payload, bytes(1, 5)),
      failureWith(1, 5),
      answerOf(1, 0, 0, { blob: blobOf(6).payload }),
      answerOf(1, 1, 1, { record: blobOf(7).payload }),
    ]);
    expect(used()).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect([0, 255].map((n) => store.usesBlob(blobOf(n).sha256))).to.deep.equal([false, false]);
    await store.commit([0, 255].map((n, place) => putTasks(1, 4 + place, blobOf(n).payload)));
    expect([0, 255].map((n) => store.usesBlob(blobOf(n).sha256))).to.deep.equal([true, true]);
  });

  it('uses what a job names until it is forgotten, and what it recorded until it is cleared', async () => {
    const store = get();
    await store.commit([putJob(1, attaching(1)), putTasks(1, 0, blobOf(2).payload)]);
    await store.commit([answerOf(1, 0, 0, { blob: blobOf(3).payload }), failureWith(1, 4)]);
    await store.commit([{ type: 'put-job-state', job: 1, state: stateOf({ status: 'completed' }) }]);
    expect(used()).to.deep.equal([1, 2, 3, 4]);
    await store.commit([{ type: 'clear-job', job: 1 }]);
    expect(used()).to.deep.equal([1, 2]);
    await store.commit([answerOf(1, 0, 0, { blob: blobOf(5).payload })]);
    expect(used()).to.deep.equal([1, 2, 5]);
    while (await store.sweep());
    expect(used()).to.deep.equal([1, 2, 5]);
    await store.commit([{ type: 'forget-job', job: 1 }]);
    expect(used()).to.deep.equal([]);
    while (await store.sweep());
    expect(used()).to.deep.equal([]);
  });

  it('uses a blob for as long as one of several jobs names it', async () => {
    const store = get();
    await store.commit([1, 2, 3].map((id) => putJob(id, attaching(1, id + 1))));
    await store.commit([answerOf(2, 0, 0, { blob: blobOf(4).payload })]);
    await store.commit([{ type: 'forget-job', job: 1 }]);
    expect(used()).to.deep.equal([1, 3, 4]);
    while (await store.sweep());
    await store.commit([{ type: 'forget-job', job: 3 }]);
    expect(used()).to.deep.equal([1, 3, 4]);
    while (await store.sweep());
    await store.commit([{ type: 'clear-job', job: 2 }]);
    expect(used()).to.deep.equal([1, 3]);
    await store.commit([{ type: 'forget-job', job: 2 }]);
    expect(used()).to.deep.equal([]);
  });

  it('uses a blob that is a task of a job and its answer, until both are gone', async () => {
    const store = get();
    await store.commit([putJob(1), putTasks(1, 0, blobOf(1).payload)]);
    await store.commit([answerOf(1, 0, 0, { blob: blobOf(1).payload }), { type: 'clear-job', job: 1 }]);
    while (await store.sweep());
    expect(used()).to.deep.equal([1]);
  });
}
