import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { connect } from '#dsage/client/connect.js';
import { setup } from '#dsage/deploy/setup.js';
import { DsageError } from '#dsage/model/errors.js';

import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { rejection } from '../support/rejection.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

describe('the connection', () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 2 });
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('goes on with waits, submissions and maps when the server was killed', async () => {
    const d = await cluster.connect();
    const slow = d.eval('await new Promise((r) => setTimeout(r, 1500)); "still there"');
    const map = d.map(async (n: number) => new Promise((r) => setTimeout(() => r(n), 1)), Array(2000).keys());
    await Promise.all([slow.accepted, map.accepted]);
    await eventually('it runs', () => slow.status === 'processing' || map.progress.done > 10);
    const waiting = slow.wait();
    const runs: number[] = [];
    const following = (async () => {
      for await (const task of d.asCompleted(map)) runs.push(task.index);
    })();
    await cluster.killServer('SIGKILL');
    await eventually('the client notices', () => !d.isConnected());
    const offline = Array.from({ length: 300 }, (_, i) => d.eval<number>(`${i}`, { name: 'offline' }));
    expect(offline[0]!.id).to.equal(undefined);
    await cluster.restartServer();
    expect(await waiting).to.equal('still there');
    expect(await map.wait({ timeoutMs: 60_000 })).to.deep.equal([...Array(2000).keys()]);
    await following;
    expect([...runs].sort((a, b) => a - b)).to.deep.equal([...Array(2000).keys()]);
    expect(await Promise.all(offline.map((job) => job.wait({ timeoutMs: 30_000 })))).to.deep.equal([
      ...Array(300).keys(),
    ]);
    expect(await d.jobs({ name: 'offline' }).toArray()).to.have.length(300);
    expect(d.isConnected()).to.equal(true);
  });

  it('submits nothing twice when the server is killed in the middle of submissions', async () => {
    const d = await cluster.connect();
    const jobs = Array.from({ length: 3000 }, (_, i) =>
      d.eval<number>(`${i}`, { name: 'burst', ttlMs: 600_000 }),
    );
    await jobs[0]!.accepted;
    await cluster.killServer('SIGKILL');
    await cluster.restartServer();
    await Promise.all(jobs.map((job) => job.accepted));
    expect(new Set(jobs.map(({ id }) => id)).size).to.equal(3000);
    expect(await d.jobs({ name: 'burst' }).toArray()).to.have.length(3000);
    const results = await Promise.all(jobs.map((job) => job.wait({ timeoutMs: 120_000 })));
    expect(results.every((value, i) => value === i)).to.equal(true);
  });

  it('survives a server that stands still, and calls wait for it', async () => {
    const d = await cluster.connect();
    const { server } = cluster;
    server!.process.kill('SIGSTOP');
    const job = d('6 * 7');
    const workers = d.workers();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(job.status).to.equal('waiting');
    server!.process.kill('SIGCONT');
    expect(await job.wait({ timeoutMs: 30_000 })).to.equal(42);
    expect(await workers).to.have.length.at.least(1);
  });

  it('closes after what was submitted has been accepted, and rejects what still waits', async () => {
    const d = await cluster.connect();
    const job = d.eval('await new Promise((r) => setTimeout(r, 5000))', { name: 'left behind' });
    const waiting = job.wait().catch((error: unknown) => error);
    await d.close();
    expect(await waiting).to.include({ code: 'closed' });
    expect(job.id).to.be.a('number');
    expect(d.isConnected()).to.equal(false);
    expect(() => d('1'))
      .to.throw(DsageError)
      .with.property('code', 'closed');
    await d.close();
    const other = await cluster.connect();
    const [found] = await other.getMyJobs({ name: 'left behind' });
    expect(found?.id).to.equal(job.id);
    await found!.kill();
  });

  it('says what is wrong when it cannot be made', async () => {
    const free = await freePort();
    const { directory } = cluster;
    expect(await rejection(connect({ server: `127.0.0.1:${free}`, directory, connectTimeoutMs: 300 })))
      .to.include({ code: 'unavailable' })
      .and.have.property('message')
      .that.matches(new RegExp(`No dsage server answers at 127.0.0.1:${free}.*dsage up`));
    expect(await rejection(connect({ server: 'host:port:1', directory }))).to.include({
      code: 'invalid-argument',
    });
    expect(await rejection(connect({ server: 'localhost:99999', directory }))).to.include({
      code: 'invalid-argument',
    });
    expect(
      await rejection(connect({ server: cluster.address, directory: join(directory, 'nowhere') })),
    ).to.include({ code: 'setup' });
    expect(
      await rejection(connect({ server: cluster.address, directory, user: 'somebody-else' })),
    ).to.include({
      code: 'setup',
    });
    const foreign = join(makeTempDir(), 'other');
    mkdirSync(foreign);
    await setup({ directory: foreign });
    expect(await rejection(connect({ server: cluster.address, directory: foreign }))).to.include({
      code: 'wrong-cluster',
    });
  });

  it('gives up in time on a port where something else listens and says nothing', async () => {
    const mute = createServer((socket) => socket.resume().on('error', () => undefined));
    mute.listen(0, '127.0.0.1');
    await new Promise((resolve) => mute.once('listening', resolve));
    const { port } = mute.address() as AddressInfo;
    const started = Date.now();
    const error = await rejection(
      connect({ server: `127.0.0.1:${port}`, directory: cluster.directory, connectTimeoutMs: 500 }),
    );
    expect(error).to.include({ code: 'unavailable' });
    expect(Date.now() - started).to.be.below(3000);
    // It closes once all its connections are: the one that was given up is not kept open.
    await new Promise((resolve) => mute.close(resolve));
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
