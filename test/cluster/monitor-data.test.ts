import { get, type IncomingMessage } from 'node:http';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { JobDetail, JobPage, OutputPage, Overview, TaskDetail, Timeline } from '#dsage/model/monitor.js';
import { decodeValue } from '#dsage/wire/codec.js';

import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';
import { WebClient } from '../support/web.js';

describe('what the monitor shows of a real cluster', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;
  let web: WebClient;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 2 });
    d = await cluster.connect();
    web = await loggedIn();
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  async function loggedIn(): Promise<WebClient> {
    const client = new WebClient(await d.webServerUrl());
    await client.login(await d.webLogin());
    return client;
  }

  async function bytes(path: string): Promise<Uint8Array> {
    const response = await fetch(`${web.url}${path}`, { headers: { cookie: web.cookie ?? '' } });
    expect(response.status, path).to.equal(200);
    return new Uint8Array(await response.arrayBuffer());
  }

  it('a job with its exact result, its code, and a bar on its worker', async () => {
    const job = d('console.log("hi"); 2n ** 200n');
    await job.wait();
    const detail = await web.json<JobDetail>(`/api/jobs/${job.id}`);
    expect(detail).to.include({ status: 'completed', hasOutput: true });
    expect(decodeValue(await bytes(`/api/jobs/${job.id}/result`))).to.equal(2n ** 200n);
    expect((await web.ask(`/api/jobs/${job.id}/program`)).text).to.include('2n ** 200n');
    const { bars, workers } = await web.json<Timeline>(`/api/jobs/${job.id}/timeline`);
    expect(bars).to.have.lengthOf(1);
    expect(workers).to.have.property(String(bars[0]?.worker));
    await eventually('the output', async () => {
      const { pieces } = await web.json<OutputPage>(`/api/jobs/${job.id}/output`);
      return pieces.map(({ text }) => text).join('') === 'hi\n';
    });
  });

  it('a task that failed, with its stack', async () => {
    const code = 'throw new TypeError("no good", { cause: new RangeError("too far") })';
    const job = d(code, { maxAttempts: 1 });
    await job.wait().catch(() => undefined);
    const { attempts } = await web.json<TaskDetail>(`/api/jobs/${job.id}/tasks/0`);
    expect(attempts.at(-1)?.message).to.include('no good');
    expect(attempts.at(-1)?.stack).to.match(
      /^TypeError: no good\n +at [^]*\nCaused by: RangeError: too far\n +at /,
    );
    expect(attempts.at(-1)?.stack).to.not.match(/evaluators|worker\/child/);
    const { failures } = await web.json<Overview>('/api/overview');
    expect(failures.find((failure) => failure.job === job.id)?.message).to.equal('TypeError: no good');
    const { jobs } = await web.json<JobPage>('/api/jobs?status=failed');
    expect(jobs.find(({ id }) => id === job.id)?.reason).to.equal('TypeError: no good');
  });

  it('when each attempt of a task began, however it failed', async () => {
    const before = Date.now();
    const throwing = d('throw new TypeError("no good")', { maxAttempts: 2 });
    const exiting = d('process.exit(3)', { maxAttempts: 2 });
    await Promise.allSettled([throwing.wait(), exiting.wait()]);
    for (const job of [throwing, exiting]) {
      const { attempts } = await web.json<TaskDetail>(`/api/jobs/${job.id}/tasks/0`);
      const starts = [before, ...attempts.map(({ startedAtMs }) => startedAtMs), Date.now()];
      expect(attempts).to.have.lengthOf(2);
      expect(starts).to.deep.equal(starts.toSorted((a, b) => a - b));
    }
  });

  it('bars of tasks that run from when they began, no more of them than slots, and the rest as given only', async () => {
    // Short ones first: the worker learns to take more than it runs.
    await d
      .map(
        (n: number) => n,
        Array.from({ length: 2_000 }, (_, n) => n),
      )
      .wait();
    const before = Date.now();
    const job = d.map(
      async (ms: number) => {
        await new Promise((done) => setTimeout(done, ms));
      },
      [1_500, 1_500, 1_500, 1_500],
    );
    await job.accepted;
    let most = 0;
    const starts = new Map<number, number>();
    await eventually(
      'the last two run',
      async () => {
        const { bars } = await web.json<Timeline>(`/api/jobs/${job.id}/timeline`);
        const running = bars.filter(({ endedAtMs }) => endedAtMs === 0);
        most = Math.max(most, running.length);
        for (const { index, startedAtMs } of running) starts.set(index, startedAtMs);
        return starts.size === 4;
      },
      20_000,
    );
    await job.wait();
    expect(most).to.equal(2);
    const { bars, notBegun } = await web.json<Timeline>(`/api/jobs/${job.id}/timeline`);
    expect([bars.length, notBegun]).to.deep.equal([4, {}]);
    for (const { index, startedAtMs } of bars) {
      // What its answer says, which is the worker's clock: here the same.
      expect(Math.abs(startedAtMs - (starts.get(index) ?? 0)), `start of ${String(index)}`).to.be.below(400);
      expect(startedAtMs).to.be.at.least(before);
    }
  });

  it('tells those who watch when a job comes, runs and ends', async () => {
    let told = '';
    const { url, cookie = '' } = web;
    const watching = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${url}/api/events?topic=jobs`, { headers: { cookie } }, resolve).on('error', reject);
    });
    watching.setEncoding('utf8').on('data', (text: string) => (told += text));
    await eventually('a snapshot', () => told.includes('event: snapshot'));
    await d('1 + 1').wait();
    await eventually('a delta', () => told.includes('event: delta'));
    watching.destroy();
  });

  it('counts what ended before the server started again', async () => {
    const before = await web.json<Overview>('/api/overview');
    await cluster.killServer();
    await cluster.restartServer();
    await eventually('the client is back', async () => (await d('1').wait()) === 1, 30_000);
    web = await loggedIn();
    await eventually('the count', async () => {
      const { jobs } = await web.json<Overview>('/api/overview');
      return jobs.completed === before.jobs.completed + 1 && jobs.failed === before.jobs.failed;
    });
    const { jobs } = await web.json<JobPage>('/api/jobs?status=failed');
    expect(jobs).to.have.lengthOf(before.jobs.failed);
  });
});
