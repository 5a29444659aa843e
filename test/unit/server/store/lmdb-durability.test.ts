import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { LmdbStore } from '#dsage/server/store/lmdb.js';
import { faultsOf } from '../../../support/store/whole-job.js';
import { ACKNOWLEDGED, startWriter, type WriterProcess } from '../../../support/store/writer-process.js';

describe('LmdbStore when the process or the disk gives up', () => {
  let directory: string;
  let running: WriterProcess | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'dsage-durability-'));
  });

  afterEach(async () => {
    running?.kill();
    await running?.ended();
    rmSync(directory, { recursive: true });
  });

  it('loses no acknowledged commit, and keeps none in part, when it is killed while it writes', async function () {
    this.timeout(60_000);
    let acknowledged: number[] = [];
    for (const [round, tasksAJob] of [300, 2000, 5, 700].entries()) {
      running = startWriter({ directory, tasksAJob });
      await running.printed(5 + 4 * round);
      running.kill();
      await running.ended();
      acknowledged = [...acknowledged, ...running.acknowledged().map(({ job }) => job)];
      // Opens at once: the lock of a process that is gone does not count.
      const store = LmdbStore.open(directory);
      const kept = Array.from(store.jobs({ newestFirst: false }), ({ id }) => id);
      expect(kept).to.include.members(acknowledged);
      expect(kept.flatMap((job) => faultsOf(store, job))).to.deep.equal([]);
      // Commits are kept in their order: what is there is the first so many.
      expect(kept).to.deep.equal(Array.from({ length: kept.length }, (_, i) => i + 1));
      expect(store.users()[0]?.createdAtMs).to.equal(kept.at(-1));
      expect(store.numbers().lastJob).to.equal(kept.at(-1));
      await store.close();
    }
    expect(acknowledged.length).to.be.greaterThan(20);
  });

  it('acknowledges a commit behind its fdatasync, also when commits overlap', async function () {
    this.timeout(60_000);
    const tracer = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync'];
    if (spawnSync('strace', [...tracer.slice(1), 'true']).status !== 0) {
      this.skip(); // strace is not installed, or may not trace here
    }
    // Each fdatasync takes 200 ms longer, so that a commit which doesn't wait for one of its own is seen.
    const wrapper = [...tracer, '-e', 'inject=fdatasync:delay_enter=200000'];
    running = startWriter({ directory, tasksAJob: 50, limit: 12, wrapper });
    expect(await running.ended()).to.equal(0);
    const times = running.acknowledged().map(({ tookMs }) => tookMs);
    expect(times).to.have.lengthOf(12);
    expect(Math.min(...times)).to.be.at.least(200);
  });

  it('rejects once with a clear message when a file cannot grow, and keeps what it acknowledged', async function () {
    this.timeout(30_000);
    if (spawnSync('prlimit', ['--fsize=1000', 'true']).status !== 0) {
      this.skip(); // prlimit is not installed, or may not set limits here
    }
    running = startWriter({ directory, tasksAJob: 100, wrapper: ['prlimit', '--fsize=2000000'] });
    await expectFailStop(running, directory);
  });

  it('does the same on a disk that is full', async function () {
    this.timeout(30_000);
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).status !== 0) {
      this.skip(); // file systems may not be mounted here
    }
    try {
      running = startWriter({ directory: join(disk, 'db'), tasksAJob: 100 });
      await expectFailStop(running, join(disk, 'db'));
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});

async function expectFailStop(writer: WriterProcess, directory: string): Promise<void> {
  // An unhandled rejection would end it with code 1.
  expect(await writer.ended()).to.equal(0);
  const acknowledged = writer.acknowledged().map(({ job }) => job);
  expect(acknowledged.length).to.be.greaterThan(3);
  const [rejected, later, closed, ...more] = writer.lines.filter((line) => !ACKNOWLEDGED.test(line));
  expect(rejected).to.match(/^rejected store: The store could not write to .*data\.mdb \(.*error\)/);
  expect(rejected).to.match(/the file has [\d.]+ MiB, and [\d.]+ MiB are free on its disk\..* Make room/);
  expect([later, closed, more]).to.deep.equal(['later store', 'closed', []]);
  const store = LmdbStore.open(directory, { shared: true });
  const kept = Array.from(store.jobs({ newestFirst: false }), ({ id }) => id);
  expect(kept).to.include.members(acknowledged);
  expect(kept.flatMap((job) => faultsOf(store, job))).to.deep.equal([]);
  await store.close();
}
