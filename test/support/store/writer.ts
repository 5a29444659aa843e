/**
 * A program that fills a store: `writer.ts DIRECTORY TASKS_A_JOB [LIMIT]`, until it is killed, or has put LIMIT
 * jobs. Each commit is one whole job; its number and how long the commit took are printed once it has resolved.
 * Three commits are under way at any time.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import { LmdbStore } from '#dsage/server/store/lmdb.js';
import { jobAt } from './whole-job.js';

const [directory = '', tasksAJob = '100', limit = '100000'] = process.argv.slice(2);
const store = LmdbStore.open(directory);
let last = store.numbers().lastJob;
const end = last + Number(limit);

async function fill(startAfterMs: number): Promise<void> {
  await setTimeout(startAfterMs);
  while (last < end) {
    const job = ++last;
    const startedAt = performance.now();
    await store.commit(jobAt(job, Number(tasksAJob)));
    writeSync(1, `${job} ${Math.round(performance.now() - startedAt)}\n`);
  }
}

try {
  // One joins while another's commit is under way, and one together with it.
  await Promise.all([fill(0), fill(0), fill(50)]);
  await store.close();
} catch (thrown) {
  const { code, message } = thrown as { code: string; message: string };
  writeSync(1, `rejected ${code}: ${message}\n`);
  const later = await store
    .commit(jobAt(last + 1, 1))
    .catch((error: unknown) => (error as { code: string }).code);
  writeSync(1, `later ${String(later)}\n`);
  await store.close();
  writeSync(1, 'closed\n');
}
