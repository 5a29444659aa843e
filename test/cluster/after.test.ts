import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { Job } from '#dsage/client/job.js';
import type { JobReference } from '#dsage/client/job-reference.js';
import { TaskFailedError } from '#dsage/model/errors.js';
import { createCsr } from '#dsage/security/pki.js';
import { runDsage } from '../support/cli.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { type Expected, failureOf, refused } from '../support/refusal.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const SOON = { timeoutMs: 20_000 };
/** When it began and ended. */
const TIMES = `
  const began = Date.now();
  await new Promise((done) => setTimeout(done, 30));
  [began, Date.now()]`;

describe('jobs that wait for others', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 4 });
    d = await cluster.connect();
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('run one after the other, though all are submitted at once', async () => {
    const a = d<[number, number]>(TIMES, { name: 'a' });
    const b = d.map(async (_: number) => [Date.now(), Date.now()], [1, 2, 3], { after: [a] });
    const c = d.sendJob<[number, number]>({ code: TIMES, after: [a, b] });
    const last = d.evalFunction(() => Date.now(), [], { after: [c] });
    const times = [await a.wait(SOON), ...(await b.wait(SOON)), await c.wait(SOON)];
    const [[, endOfA = 0] = [], ...ofB] = times.slice(0, 4);
    for (const [began] of ofB) expect(began).to.be.at.least(endOfA);
    expect(times[4]?.[0]).to.be.at.least(Math.max(...ofB.map(([, ended = 0]) => ended)));
    expect(await last.wait(SOON)).to.be.at.least(times[4]?.[1] ?? 0);
    expect((await d.jobInfo(c.id ?? 0)).after).to.deep.equal([a.id, b.id]);
  });

  it('fail with the first that fails, and say which', async () => {
    const a = d('throw new Error("no sieve today")', { name: 'sieve', maxAttempts: 1 });
    const b = d('1', { name: 'linear algebra', after: [a] });
    const c = d.map((n: number) => n, [1, 2], { after: [b] });
    const error = await failureOf(() => b.wait(SOON));
    expect(error).to.be.instanceOf(TaskFailedError);
    const first = `Job ${a.id ?? 0} (sieve), which it waits for, failed: Error: no sieve today.`;
    expect((error as Error).message).to.equal(`Job ${b.id ?? 0} (linear algebra) failed: ${first}`);
    const second = `Job ${b.id ?? 0} (linear algebra), which it waits for, failed: ${first}`;
    expect(String(await failureOf(() => c.wait(SOON)))).to.contain(second);
    expect([b.status, c.status, c.progress.killed]).to.deep.equal(['failed', 'failed', 2]);
    // One that comes when it is too late fails at once, and all of it runs again in order.
    expect(String(await failureOf(() => d('1', { after: [a.id ?? 0] }).wait(SOON)))).to.contain(first);
  });

  it('say what they wait for, and run in their order when they run again', async () => {
    const a = d('if (globalThis.process.env.NEVER === undefined) throw new Error("not yet")', {
      ...{ name: 'gate', maxAttempts: 1, labels: ['nowhere'] },
    });
    const b = d('40 + 2', { after: [a] });
    await b.accepted;
    const { reasons } = await b.explain();
    expect(reasons).to.deep.equal([`It waits for job ${a.id ?? 0} (gate), which is waiting.`]);
    await a.kill('enough');
    expect(String(await failureOf(() => b.wait(SOON)))).to.match(
      /\(gate\), which it waits for, was killed: enough/,
    );
    await a.rerun();
    await b.rerun();
    expect((await d.jobInfo(b.id ?? 0)).status).to.equal('waiting');
    await d.kill([a, b]);
  });

  it('go on waiting while the server is killed, and run then', async () => {
    const a = d('await new Promise((done) => setTimeout(done, 1500)); "a"');
    const b = d('Date.now()', { after: [a] });
    const c = d('Date.now()', { after: [b] });
    await c.accepted;
    await eventually('the first one runs', () => a.status === 'processing');
    await cluster.killServer();
    await cluster.restartServer();
    expect((await b.explain()).reasons.join()).to.contain(`It waits for job ${a.id ?? 0}`);
    expect(await a.wait(SOON)).to.equal('a');
    expect(await c.wait(SOON)).to.be.at.least((await b.wait(SOON)) as number);
  });

  it('are submitted before the connection closes', async () => {
    const other = await cluster.connect();
    const a = other('1');
    const b = other('2', { after: [a], name: 'the last one' });
    await other.close();
    expect(await (await d.job(b.id ?? 0)).wait(SOON)).to.equal(2);
  });

  it('can be told so by the command line, which shows it', async () => {
    const run = async (...args: string[]) => {
      const { stdout, stderr, code } = await runDsage(args, { directory: cluster.directory });
      return { text: stdout.trim(), stderr, code };
    };
    const { text: a } = await run('eval', '-d', 'await new Promise((done) => setTimeout(done, 300)); 1');
    const { text: b } = await run('eval', '-d', '2', '--after', a);
    expect(await run('eval', '3', '--after', a, `#${b}`)).to.include({ text: '3', code: 0 });
    const jobs = JSON.parse((await run('jobs', '--json')).text) as { after: number[] }[];
    expect(jobs[0]?.after).to.deep.equal([Number(a), Number(b)]);
    expect((await run('job', b)).text).to.match(new RegExp(`^after +${a}$`, 'm'));
    expect(await run('eval', '4', '--after', 'x')).to.include({ code: 2 });
  });

  describe('are refused', () => {
    const eachIs = (after: unknown, { says, hint }: Pick<Expected, 'says' | 'hint'>) =>
      refused(() => d('1', { after: after as JobReference[] }), { code: 'invalid-argument', says, hint });

    it('at once, for anything that is no job', async () => {
      const hint = /array of jobs/;
      const job = d('1');
      await eachIs(job, { says: /after is a value of type Job/, hint });
      await eachIs(7, { says: /after is 7/, hint });
      await eachIs([1, 'x'], { says: /after\[1\] is "x"/, hint });
      await eachIs([0], { says: /after\[0\] is 0/, hint });
      await eachIs([job, d], { says: /after\[1\] is/, hint });
      await job.wait(SOON);
      const [task] = d.map((n: number) => n, [1]);
      await eachIs([task], { says: /after\[0\] is a value of type TaskHandle/, hint });
    });

    it('when they name what is not there, or too much', async () => {
      const missing = { code: 'not-found', says: /no job 4711/, hint: /dsage jobs/ } as const;
      await refused(() => d('1', { after: [4711] }), missing);
      const after = Array.from({ length: 1001 }, () => 1);
      const many = {
        code: 'limit-exceeded',
        says: /after has 1001 jobs; the limit is 1000/,
        hint: /fewer/,
      } as const;
      await refused(() => d('1', { after }), many);
    });

    it('with a job that was refused, which they name', async () => {
      const bad = d('1', { name: 'refused one', evaluator: 'cobol' });
      const error = await refused(() => d('1', { after: [bad] }), {
        code: 'invalid-argument',
        says: /The job refused one, which this one is to wait for, was not accepted: .*cobol/,
        hint: /.*/,
      });
      expect(error.cause).to.equal(await failureOf(() => bad.wait(SOON)));
    });

    it('when they name another user’s, which admins may', async () => {
      const directory = makeTempDir();
      const { csrPem, keyPem } = await createCsr('bob');
      const { certificatePem, caPem } = await d.users.add({ name: 'bob', csrPem });
      writeFileSync(join(directory, 'dsage_key'), keyPem, { mode: 0o600 });
      writeFileSync(join(directory, 'dsage_key.pub'), certificatePem);
      writeFileSync(join(directory, 'pubcert.pem'), caPem);
      const bob = await cluster.connect({ directory });
      const [bobs, ours]: Job[] = [bob('6'), d('7')];
      const after = await Promise.all([bobs?.accepted, ours?.accepted]);
      await refused(() => bob('1', { after: [after[1] ?? 0] }), {
        ...{ code: 'permission-denied', says: /another user's/, hint: /owner and admins/ },
      });
      expect(await d('8', { after: after.map((id) => id ?? 0) }).wait(SOON)).to.equal(8);
    });
  });
});
