/** Everything that a store shows, as plain values that can be compared. */
import type { Store } from '#dsage/server/store/store.js';
import { blobOf } from './samples.js';

export function everythingIn(store: Store, jobIds: readonly number[]): unknown {
  const jobs = [...store.jobs({ newestFirst: false })];
  return plain({
    numbers: store.numbers(),
    jobs,
    newestFirst: [...store.jobs({ newestFirst: true })].map(({ id }) => id),
    byId: jobIds.map((id) => store.job(id)),
    submissions: jobs.map(({ session, seq }) => store.submission(session, seq)),
    unfinished: [...store.unfinishedJobs()],
    contents: jobIds.map((id) => contentsOf(store, id)),
    usedBlobs: BLOBS.filter((n) => store.usesBlob(blobOf(n).sha256)),
    grants: [...store.grants()],
    users: store.users(),
    workers: [1, 2, 3].map((n) => [store.worker(n), store.workerByInstance(`instance-${n}`)]),
  });
}

/** Those that the tests name, and one that nobody does. */
const BLOBS = [0, 1, 2, 3, 4, 171, 200];

const INDEXES = [0, 1, 2, 3, 4, 5, 6, 7] as const;

function contentsOf(store: Store, job: number): unknown {
  return {
    tasks: INDEXES.map((index) => store.task(job, index)),
    answers: [...store.answers(job, 0)],
    laterAnswers: [...store.answers(job, 2)],
    byOrdinal: INDEXES.map((ordinal) => store.answer(job, ordinal)),
    ends: [...store.ends(job, 0)],
    laterEnds: [...store.ends(job, 2)],
    byIndex: INDEXES.map((index) => store.end(job, index)),
    endedIndexes: [...store.endedIndexes(job)],
    failures: INDEXES.map((index) => store.failures(job, index)),
    failedAttempts: [...store.failedAttempts(job)],
    output: [...store.output(job, {})],
    ofOneTask: [...store.output(job, { index: 1 })],
    backwards: [...store.outputBackwards(job, {})],
    ofOneTaskBackwards: [...store.outputBackwards(job, { index: 1 })],
    ofOneAttempt: [...store.output(job, { index: 1, attempt: 2 })],
  };
}

/** Bytes as plain arrays: a Buffer and a Uint8Array with the same bytes are the same here. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Array.from(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}
