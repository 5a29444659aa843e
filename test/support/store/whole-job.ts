/** Jobs of which it can be told whether they were kept whole. */
import type { Write } from '#dsage/server/core/writes.js';
import type { LmdbStore } from '#dsage/server/store/lmdb.js';
import { answerOf, putJob, stateOf } from '../../conformance/samples.js';

/** All writes of a job whose every byte follows from its number. */
export function jobAt(job: number, tasks: number): Write[] {
  const payloads = Array.from({ length: tasks }, (_, index) => Buffer.alloc(200, (job + index) % 256));
  return [
    putJob(job, { state: stateOf({ taskCount: tasks }) }),
    { type: 'put-tasks', job, firstIndex: 0, payloads },
    ...payloads.map((record, index) => answerOf(job, index, index, { record })),
    { type: 'put-user', user: { name: 'last', role: 'user', enabled: true, createdAtMs: job, serials: [] } },
  ];
}

/** What is wrong with a job; empty when all of it is there. */
export function faultsOf(store: LmdbStore, job: number): string[] {
  const record = store.job(job);
  if (record === undefined) return [`job ${job} is missing`];
  const { taskCount } = record.state;
  const tasks = Array.from({ length: taskCount }, (_, index) => store.task(job, index));
  const isRight = (bytes: Uint8Array | undefined, index: number): boolean =>
    bytes?.length === 200 && bytes.every((byte) => byte === (job + index) % 256);
  const faults = [];
  if (!tasks.every(isRight)) faults.push(`job ${job} lacks tasks`);
  if ([...store.endedIndexes(job)].length !== taskCount) faults.push(`job ${job} lacks ends`);
  const answers = [...store.answers(job, 0)];
  if (
    answers.length !== taskCount ||
    !answers.every(({ record: bytes, ordinal }) => isRight(bytes, ordinal))
  ) {
    faults.push(`job ${job} lacks answers`);
  }
  if (store.submission('s-1', job) !== job) faults.push(`job ${job} lacks its submission`);
  return faults;
}
