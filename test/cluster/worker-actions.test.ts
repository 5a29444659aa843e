import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { runDsage } from '../support/cli.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

const WAIT = { timeoutMs: 30_000 };

describe('drain, resume and remove', function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let d: Dsage;

  beforeEach(async () => {
    cluster = await startCluster({ workers: 1, slots: 1 });
    d = await cluster.connect();
  });
  afterEach(() => cluster.stop());
  after(removeTempDirs);

  /** A task that ends once `gate` is there. */
  function waitsFor(gate: string) {
    return d.evalFunction(
      async (file: string) => {
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- it runs in a task, where require is in scope
        const { existsSync } = require('node:fs') as { existsSync: (path: string) => boolean };
        while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
        return 'through';
      },
      [gate],
    );
  }

  it('a worker that drained takes tasks again, finishes what it runs when it is removed, and ends', async () => {
    expect(await d('1+1').wait(WAIT)).to.equal(2);
    await d.drainWorker(1);
    expect((await d.workers())[0]).to.include({ worker: 1, connected: true, draining: true });
    const job = d('2+2');
    const id = await job.accepted;
    expect((await d.jobInfo(id)).status).to.equal('waiting');
    expect((await runDsage(['workers', 'resume', '1'], cluster)).stdout).to.contain(
      'Worker 1 takes tasks again',
    );
    expect(await job.wait(WAIT)).to.equal(4);
    expect((await d.workers())[0]).to.include({ draining: false });

    const gate = join(cluster.directory, 'gate');
    const last = waitsFor(gate);
    const lastId = await last.accepted;
    await eventually('it runs', async () => (await d.jobInfo(lastId)).status === 'processing');
    expect((await runDsage(['workers', 'remove', '1'], cluster)).stdout).to.contain('Worker 1 finishes');
    const refused = await runDsage(['workers', 'resume', '1'], cluster);
    expect(refused.stderr).to.contain('cannot be resumed').and.to.contain('dsage-worker');
    writeFileSync(gate, '');
    expect(await last.wait(WAIT)).to.equal('through');
    await eventually('it is gone', async () => (await d.workers()).length === 0);
    await eventually('its process ends well', () => cluster.workers[0]?.process.exitCode === 0);
  });

  it('one that died is forgotten at once, and what it ran goes on elsewhere without a failure', async () => {
    const gate = join(cluster.directory, 'gate');
    const job = waitsFor(gate);
    const id = await job.accepted;
    await eventually('it runs', async () => (await d.jobInfo(id)).status === 'processing');
    await cluster.workers[0]?.end('SIGKILL');
    await eventually('it is away', async () => (await d.workers())[0]?.connected === false);
    await d.removeWorker(1);
    expect(await d.workers()).to.deep.equal([]);
    await cluster.startWorker();
    writeFileSync(gate, '');
    expect(await job.wait(WAIT)).to.equal('through');
    const { failures, attempt } = await d.task(id, 0);
    expect([failures, attempt]).to.deep.equal([[], 2]);
    expect((await runDsage(['workers', 'remove', '9'], cluster)).stderr).to.contain('no worker 9');
  });
});
