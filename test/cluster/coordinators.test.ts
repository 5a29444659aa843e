import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { encodeValue } from '#dsage/wire/codec.js';
import { Status } from '#dsage/wire/gen/dsage/v1/types.js';
import { inlinePayload } from '#dsage/wire/payload.js';

import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { newJob, RawClient } from '../support/raw-client.js';
import { removeTempDirs } from '../support/temp-dir.js';

describe('the coordinator of a detached job', function () {
  this.timeout(90_000);
  let cluster: Cluster | undefined;
  let raw: RawClient | undefined;

  afterEach(async () => {
    raw?.close();
    await cluster?.stop();
  });
  after(removeTempDirs);

  it('runs beside a busy slot, goes on elsewhere when its worker drains, and ends with its job', async () => {
    cluster = await startCluster({ workers: 1, slots: 1 });
    raw = new RawClient(cluster.address, cluster.directory);
    const file = join(cluster.directory, 'notes');
    const code = `require('node:fs').appendFileSync(${JSON.stringify(file)}, process.ppid + '\\n');
      new Promise((resolve) => setTimeout(resolve, 600_000))`;
    const spec = {
      ...(newJob(1).spec as NonNullable<ReturnType<typeof newJob>['spec']>),
      program: Buffer.from(inlinePayload(encodeValue({ type: 'eval', code }))),
      // Its one attempt is not spent when a worker leaves, and its time is not that of tasks.
      limits: { timeMs: 100, memoryMb: 0, maxAttempts: 1, outputBytes: 0, maxFailedTasks: 0 },
      detached: true,
    };
    const session = await raw.openSession('raw');
    session.say({ message: { $case: 'jobs', value: { jobs: [newJob(1, { spec })] } } });
    const coordinators = (): string[] =>
      existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    await eventually('the coordinator runs', () => coordinators().length === 1);
    const d = await cluster.connect();
    expect(await d('2+2').wait({ timeoutMs: 20_000 })).to.equal(4);

    await cluster.startWorker();
    const [first] = cluster.workers;
    await first?.end('SIGTERM');
    expect(first?.process.exitCode).to.equal(0);
    await eventually('it runs on the other worker', () => coordinators().length === 2);
    expect(await d('3+3').wait({ timeoutMs: 20_000 })).to.equal(6);

    const end = {
      status: Status.COMPLETED,
      reason: '',
      result: Buffer.from(inlinePayload(encodeValue('all of it'))),
    };
    const part = { target: { $case: 'job' as const, value: 1 }, firstIndex: 1, packedTasks: Buffer.alloc(0) };
    const value = { ...part, taskCount: 0, closed: true, coordinator: 0, end, replySeq: 2 };
    session.say({ message: { $case: 'tasks', value } });
    await eventually('the job is completed', async () => (await d.job(1)).status === 'completed');
    expect(coordinators()).to.have.length(2);
  });
});
