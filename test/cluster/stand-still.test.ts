import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

const STANDSTILL_MS = 20_000;

describe('standing still and being cut off', function () {
  this.timeout(150_000);
  let cluster: Cluster;
  let d: Dsage;
  const closers: (() => void)[] = [];

  beforeEach(async () => {
    cluster = await startCluster({ workers: 2, slots: 1 });
    d = await cluster.connect();
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await cluster.stop();
  });
  after(removeTempDirs);

  it('a server stopped for 20 s goes on where it was: nothing is lost, no worker is taken for dead', async () => {
    const slow = (index: number) => new Promise<number>((resolve) => setTimeout(resolve, 20, index));
    const map = d.map(
      slow,
      Array.from({ length: 400 }, (_, index) => index),
    );
    await eventually('some tasks ended', () => map.progress.completed > 20);
    const pid = cluster.server?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    // What is submitted meanwhile is accepted once the server goes on.
    const late = d('6 * 7');
    await sleep(STANDSTILL_MS);
    process.kill(pid, 'SIGCONT');
    expect(await map.wait({ timeoutMs: 60_000 })).to.have.lengthOf(400);
    expect(await late.wait({ timeoutMs: 30_000 })).to.equal(42);
    const workers = await d.workers();
    expect(workers.map(({ connected }) => connected)).to.deep.equal([true, true]);
    expect(workers.map(({ failed }) => failed)).to.deep.equal([0, 0]);
  });

  it('a client that is cut off and reconnects gets every answer, and its submissions exist once', async () => {
    const proxy = await startProxy(cluster.address);
    closers.push(() => {
      proxy.cut();
      proxy.server.close();
    });
    const far = await cluster.connect({ server: proxy.address });
    const slow = (index: number) => new Promise<number>((resolve) => setTimeout(resolve, 10, index));
    const map = far.map(
      slow,
      Array.from({ length: 600 }, (_, index) => index),
    );
    for (let round = 0; round < 3; round += 1) {
      const before = map.progress.completed;
      await eventually('more tasks ended', () => map.progress.completed > before + 30, 30_000);
      proxy.cut();
      await eventually('the client notices', () => !far.isConnected());
      // Submitted while nothing connects.
      void far(`${String(round)} + 100`);
      await eventually('the client is back', () => far.isConnected(), 30_000);
    }
    expect(await map.wait({ timeoutMs: 60_000 })).to.deep.equal(Array.from({ length: 600 }, (_, i) => i));
    const jobs = await d.jobs().toArray(100);
    expect(jobs.filter(({ kind }) => kind === 'map')).to.have.lengthOf(1);
    expect(jobs.filter(({ kind }) => kind === 'eval')).to.have.lengthOf(3);
    await eventually('all are done', async () =>
      (await d.jobs().toArray(100)).every(({ status }) => status === 'completed'),
    );
  });
});

/** A TCP proxy whose connections can be cut, as a network does. */
async function startProxy(target: string): Promise<{ server: Server; address: string; cut: () => void }> {
  const port = Number(target.split(':')[1]);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connectTcp(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
