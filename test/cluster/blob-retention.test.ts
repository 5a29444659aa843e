import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { clusterPaths } from '#dsage/security/paths.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

/** Long enough for what is uploaded to be submitted, on a machine with much else to do. */
const GRACE_MS = 1_500;
const FILE_BYTES = 400_000;
const ANSWER_BYTES = 1_048_576;
/** Reads the attached file, and returns a megabyte that depends on it. */
const CODE = `const { readFileSync } = await import('node:fs');
  letter.repeat(${String(ANSWER_BYTES)}).slice(0, readFileSync('in.bin')[0] + ${String(ANSWER_BYTES)} - 7)`;

describe('blobs on the server', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ serverArgs: ['--blob-grace-ms', String(GRACE_MS)] });
    d = await cluster.connect();
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  const directory = (): string => clusterPaths(cluster.directory).blobs;

  /** The files of all blobs, in order. The server may delete one while we look. */
  function files(): string[] {
    const isFile = (name: string) =>
      statSync(join(directory(), name), { throwIfNoEntry: false })?.isFile() === true;
    return readdirSync(directory(), { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('incoming') && isFile(name))
      .sort();
  }

  /** Waits until a walk through all blobs has begun and ended: it deletes a blob that sorts behind all others. */
  async function walked(): Promise<void> {
    for (let walk = 0; walk < 2; walk++) {
      const last = join(directory(), 'ff', 'ff', 'f'.repeat(64));
      mkdirSync(dirname(last), { recursive: true });
      writeFileSync(last, 'used by nobody');
      utimesSync(last, new Date(1000), new Date(1000));
      await eventually('a walk', () => !existsSync(last), 30_000);
    }
  }

  function evalWithFile(letter: string, bytes: Uint8Array) {
    return d.eval<string>(CODE, { vars: { letter }, files: { 'in.bin': bytes } });
  }

  it('go with the last job that used them, and stay for the others', async () => {
    const bytes = Buffer.alloc(FILE_BYTES, 7);
    const first = evalWithFile('a', bytes);
    const second = evalWithFile('b', bytes);
    const large = d.evalFunction((text: string) => text.length, ['x'.repeat(500_000)]);
    expect([(await first.wait()).length, (await second.wait()).length]).to.deep.equal([
      ANSWER_BYTES,
      ANSWER_BYTES,
    ]);
    expect(await large.wait()).to.equal(500_000);
    // The file, two answers and one input.
    await walked();
    expect(files()).to.have.length(4);

    await d.forget([first, large]);
    await walked();
    expect(files()).to.have.length(2);
    expect(files().map((name) => statSync(join(directory(), name)).size)).to.include(FILE_BYTES);

    await cluster.killServer();
    await cluster.restartServer();
    await walked();
    expect(files()).to.have.length(2);
    const again = await cluster.connect();
    const found = await again.job(await second.accepted);
    expect(await found.wait({ timeoutMs: 20_000 })).to.equal('b'.repeat(ANSWER_BYTES));

    await again.forget(await second.accepted);
    await eventually('all blobs are gone', () => files().length === 0, 30_000);
  });

  it('are missed by name when a job comes that names one which is gone, and uploaded by the next client', async () => {
    const bytes = Buffer.alloc(FILE_BYTES, 7).fill('other', 1);
    const job = evalWithFile('c', bytes);
    await job.wait();
    await d.forget(job);
    await eventually('its file is gone', () => files().length === 0, 30_000);
    const refused = await evalWithFile('d', bytes)
      .wait()
      .catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'not-found');
    expect(refused)
      .to.have.property('message')
      .that.matches(/attached file in\.bin is not on the server/);
    d = await cluster.connect();
    expect(await evalWithFile('d', bytes).wait()).to.have.length(ANSWER_BYTES);
  });

  it('are missed by name by a worker, which goes on', async () => {
    const files = { 'in.bin': Buffer.alloc(FILE_BYTES, 'lost') };
    const job = d.eval('1', { files, labels: ['late'], maxAttempts: 1 });
    await job.accepted;
    rmSync(directory(), { recursive: true });
    mkdirSync(join(directory(), 'incoming'), { recursive: true });
    const worker = await cluster.startWorker('--labels', 'late');
    const failed = await job.wait({ timeoutMs: 30_000 }).catch((error: unknown) => error);
    expect(failed).to.have.property('code', 'task-failed');
    expect(failed)
      .to.have.property('message')
      .that.matches(/The server has no blob [0-9a-f]{64}/);
    expect(await d.eval('2+2', { labels: ['late'] }).wait({ timeoutMs: 30_000 })).to.equal(4);
    expect(worker.process.exitCode).to.equal(null);
  });
});
