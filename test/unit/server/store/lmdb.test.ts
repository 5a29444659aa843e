import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';
import { open } from 'lmdb';

import type { Write } from '#dsage/server/core/writes.js';
import { LmdbStore } from '#dsage/server/store/lmdb.js';
import {
  answerOf,
  bytes,
  failureOf,
  putJob,
  putTasks,
  userOf,
  workerOf,
} from '../../../conformance/samples.js';
import { startWriter } from '../../../support/store/writer-process.js';

describe('LmdbStore', () => {
  let directory: string;
  const opened: LmdbStore[] = [];

  function openStore(path = directory, options = {}): LmdbStore {
    const store = LmdbStore.open(path, options);
    opened.push(store);
    return store;
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'dsage-lmdb-'));
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    rmSync(directory, { recursive: true });
  });

  describe('opening', () => {
    it('makes the directory', async () => {
      const store = openStore(join(directory, 'a.b', 'db'));
      await store.commit([putJob(1)]);
      expect(store.sizeBytes()).to.be.greaterThan(0);
    });

    it('refuses a database of a newer version, naming both', async () => {
      await openStore().close();
      const root = open<Buffer, Buffer>({
        path: directory,
        encoding: 'binary',
        keyEncoding: 'binary',
        noSubdir: false,
      });
      const meta = root.openDB<Buffer, Buffer>({ name: 'meta', encoding: 'binary', keyEncoding: 'binary' });
      await meta.put(Buffer.from('format'), Buffer.from('7'));
      await root.close();
      expectSetupError(
        () => openStore(),
        /has format 7; this version of dsage reads and writes format 2\. Install/,
      );
    });

    it('refuses an LMDB database of somebody else', async () => {
      const root = open<string, string>({ path: directory, noSubdir: false });
      await root.put('a', 'b');
      await root.close();
      expectSetupError(() => openStore(), /is an LMDB database, but not one of dsage\. Move it away/);
    });

    it('refuses a file that is no database, cut off, or of another LMDB', async () => {
      const file = join(directory, 'data.mdb');
      await openStore().close();
      const good = readFileSync(file);
      const other = Buffer.from(good);
      other[28] = 1;
      for (const [content, reason] of [
        ['x', /data\.mdb cannot be opened: it is not an LMDB database\. .+ move it away/],
        ['x'.repeat(100_000), /it is not an LMDB database/],
        [good.subarray(0, 4096), /it has been cut off/],
        [other, /it has version 1 of LMDB's format, and version 2 is needed/],
      ] as const) {
        writeFileSync(file, content);
        expectSetupError(() => openStore(), reason);
      }
      writeFileSync(file, good);
      expect(openStore().numbers().lastJob).to.equal(0);
    });

    it('refuses a directory that cannot be made', () => {
      writeFileSync(join(directory, 'file'), '');
      expectSetupError(
        () => openStore(join(directory, 'file', 'db')),
        /file\/db cannot be written: ENOTDIR.*another DSAGE_DIR/,
      );
    });

    it('refuses a directory that this user cannot write', function () {
      const locked = join(directory, 'locked');
      mkdirSync(locked, { mode: 0o500 });
      chmodSync(directory, 0o755);
      // Root may write everywhere: somebody else has to try.
      const isRoot = process.getuid?.() === 0;
      const program = `import { LmdbStore } from '#dsage/server/store/lmdb.js'; LmdbStore.open(process.argv[1]);`;
      const tryIn = (path: string): string =>
        spawnSync(process.execPath, ['--input-type=module', '--eval', program, path], {
          cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
          encoding: 'utf8',
          ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
        }).stderr;
      if (isRoot) chownSync(locked, 65_534, 65_534);
      const said = tryIn(locked);
      if (said.includes('ERR_MODULE_NOT_FOUND')) this.skip(); // nobody else may read this checkout
      expect(said).to.match(/DsageError: .*locked cannot be written: EACCES/);
      expect(tryIn(join(locked, 'db'))).to.match(/DsageError: .*db cannot be written: EACCES/);
    });
  });

  describe('its lock', () => {
    it('refuses a second server in the same process, and allows one after the first has closed', async () => {
      const first = openStore();
      expectSetupError(() => openStore(), new RegExp(`server \\(process ${process.pid}\\) already uses`));
      await first.close();
      await openStore().commit([putJob(1)]);
    });

    it('refuses a second server in another process, until that one is gone', async function () {
      this.timeout(20_000);
      const writer = startWriter({ directory, tasksAJob: 1 });
      try {
        await writer.printed(1);
        expectSetupError(() => openStore(), /A server \(process \d+\) already uses .* Stop it first/);
      } finally {
        writer.kill();
        await writer.ended();
      }
      expect(openStore().numbers().lastJob).to.be.greaterThan(0);
    });

    it('does not take another process for the server that had its number', async () => {
      await openStore().close();
      const root = open<Buffer, Buffer>({
        path: directory,
        encoding: 'binary',
        keyEncoding: 'binary',
        noSubdir: false,
      });
      const meta = root.openDB<Buffer, Buffer>({ name: 'meta', encoding: 'binary', keyEncoding: 'binary' });
      const holder = { token: 'x', pid: process.ppid, started: 'another day' };
      await meta.put(Buffer.from('server'), Buffer.from(JSON.stringify(holder)));
      await root.close();
      openStore();
    });

    it('lets a tool add users beside a running server, however many', async function () {
      this.timeout(20_000);
      const server = openStore();
      await server.commit([{ type: 'put-user', user: userOf('first') }]);
      const sharer = fileURLToPath(new URL('../../../support/store/sharer.ts', import.meta.url));
      const run = spawnSync(process.execPath, ['--import', 'tsx', sharer, directory, '3000'], {
        encoding: 'utf8',
      });
      expect(run.stderr).to.equal('');
      expect(run.status).to.equal(0);
      // The file grew under the server's map: it must read what is new, and write behind it.
      await server.commit([{ type: 'put-user', user: userOf('last') }]);
      expect(server.users()).to.have.lengthOf(3002);
    });
  });

  describe('committing', () => {
    it('keeps nothing of a list with a write that makes no sense, and goes on', async () => {
      const store = openStore();
      const badWrites: Write[] = [
        failureOf(1, 0.5, 1),
        failureOf(1, -1, 1),
        failureOf(NaN, 0, 1),
        answerOf(1, 2 ** 32, 0),
        { type: 'put-user', user: userOf('') },
        { type: 'put-worker', worker: { ...workerOf(1), instance: 'x'.repeat(5000) } },
        putTasks(1, 0, undefined as unknown as Uint8Array),
      ];
      for (const bad of badWrites) {
        const thrown: unknown = await store.commit([putJob(1), bad]).catch((error: unknown) => error);
        expect(thrown, JSON.stringify(bad)).to.have.property('code', 'internal');
      }
      expect(store.job(1)).to.equal(undefined);
      expect(store.numbers().lastJob).to.equal(0);
      await store.commit([putJob(1)]);
      expect(store.job(1)?.id).to.equal(1);
    });

    it('does not show a commit before it is whole', async () => {
      const store = openStore();
      const under = store.commit([putJob(1), putTasks(1, 0, ...Array<Uint8Array>(5000).fill(bytes(1)))]);
      const isDone = (): Promise<boolean> => Promise.race([under.then(() => true), setImmediate(false)]);
      while (!(await isDone())) {
        if (store.job(1) !== undefined) expect(store.tasks(1, 0, 5000)).to.have.lengthOf(5000);
      }
      expect(store.tasks(1, 0, 5000)).to.have.lengthOf(5000);
    });
  });

  describe('sweeping', () => {
    it('frees in small steps what was forgotten and cleared, so that the file does not grow', async function () {
      this.timeout(20_000);
      const store = openStore();
      const fill = async (job: number): Promise<void> => {
        const payloads = Array<Uint8Array>(8000).fill(new Uint8Array(100));
        await store.commit([putJob(job), { type: 'put-tasks', job, firstIndex: 0, payloads }]);
        await store.commit(payloads.map((record, index) => answerOf(job, index, index, { record })));
      };
      const empty = async (job: number): Promise<number> => {
        await store.commit([{ type: 'clear-job', job }]);
        await store.commit([{ type: 'forget-job', job }]);
        let steps = 1;
        while (await store.sweep()) steps++;
        return steps;
      };
      await fill(1);
      // 8000 tasks, answers and ends at 5000 keys a step.
      expect(await empty(1)).to.equal(5);
      const sizeAfterOne = store.sizeBytes();
      for (let job = 2; job <= 6; job++) {
        await fill(job);
        await empty(job);
      }
      expect(store.sizeBytes()).to.be.lessThan(2 * sizeAfterOne);
    });

    it('frees what is noted of blobs in small steps too, and leaves no note', async () => {
      const store = openStore();
      const inputs = Array.from({ length: 6000 }, () => Buffer.concat([Buffer.of(1), randomBytes(32)]));
      await store.commit([putJob(1), { type: 'put-tasks', job: 1, firstIndex: 0, payloads: inputs }]);
      await store.commit(inputs.map((blob, index) => answerOf(1, index, index, { blob })));
      const uses = (place: number): boolean => store.usesBlob(inputs[place]!.toString('hex', 1));
      await store.commit([{ type: 'clear-job', job: 1 }]);
      let steps = 1;
      while (await store.sweep()) steps++;
      // 6000 answers and ends, and 6000 blobs with two notes each, at 5000 keys a step.
      expect(steps).to.equal(5);
      expect([uses(0), uses(5999)]).to.deep.equal([true, true]);
      await store.commit([{ type: 'forget-job', job: 1 }]);
      expect([uses(0), uses(5999)]).to.deep.equal([false, false]);
      expect(await store.sweep()).to.equal(true);
      expect([uses(0), uses(5999)]).to.deep.equal([false, false]);
      await store.close();
      const again = openStore();
      while (await again.sweep());
      await again.close();
      const root = open<Buffer, Buffer>({ path: directory, noSubdir: false });
      const left = ['job_blobs', 'blob_uses', 'garbage'].map((name) => root.openDB({ name }).getCount());
      await root.close();
      expect(left).to.deep.equal([0, 0, 0]);
    });

    it('goes on after a restart, while reads show nothing of the job', async () => {
      const store = openStore();
      const payloads = Array<Uint8Array>(8000).fill(bytes(1));
      await store.commit([putJob(1), { type: 'put-tasks', job: 1, firstIndex: 0, payloads }]);
      await store.commit([{ type: 'forget-job', job: 1 }]);
      expect(await store.sweep()).to.equal(true);
      await store.close();
      const again = openStore();
      expect(again.task(1, 7999)).to.equal(undefined);
      expect(await again.sweep()).to.equal(false);
      expect(again.task(1, 7999)).to.equal(undefined);
      expect(await again.sweep()).to.equal(false);
    });
  });
});

function expectSetupError(act: () => unknown, message: RegExp): void {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).to.have.property('code', 'setup');
  expect((thrown as Error).message).to.match(message);
}
