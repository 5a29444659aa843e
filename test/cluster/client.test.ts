import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { Job } from '#dsage/client/job.js';
import { MapJob } from '#dsage/client/map-job.js';
import { KilledError, TaskFailedError, TimeoutError } from '#dsage/model/errors.js';
import { decodeValue } from '#dsage/wire/codec.js';
import { fraction } from '#dsage/wire/fraction.js';

import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { rejection } from '../support/rejection.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

describe('the client, with a server and a worker', () => {
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 2 });
    d = await cluster.connect();
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  describe('d(code)', () => {
    it('gives a Job at once, and its result', async () => {
      const job = d('2+2');
      expect(job).to.be.instanceOf(Job);
      expect([job.id, job.status, job.result]).to.deep.equal([undefined, 'waiting', undefined]);
      expect(await job.wait()).to.equal(4);
      expect([job.result, job.status, job.error]).to.deep.equal([4, 'completed', undefined]);
      expect(job.id).to.equal(await job.accepted);
      expect(job.attempts).to.equal(1);
      expect(job.wallTime).to.be.greaterThan(0).and.below(30);
      expect(job.cpuTime).to.be.at.least(0).and.below(30);
    });

    it('takes variables, and gives exact values back', async () => {
      const vars = { n: 2n ** 200n, q: fraction(1, 3), points: [{ x: new Date(0) }], s: new Set([1]) };
      const job = d.eval<unknown[]>('[n + 1n, q.add(1), points[0].x, s.has(1)]', { vars });
      const [n, q, x, has] = await job.wait();
      expect([n, x, has]).to.deep.equal([2n ** 200n + 1n, new Date(0), true]);
      expect((q as { toFraction(): string }).toFraction()).to.equal('4/3');
    });

    it('has the output once it has ended', async () => {
      const job = d.eval('console.log("a"); console.error("ü"); 1');
      await job.wait();
      expect(job.output).to.equal('a\nü\n');
      const quiet = d('1');
      await quiet.wait();
      expect(quiet.output).to.equal('');
    });

    it('throws at once, and submits nothing, for code that cannot run', async () => {
      const before = (await d.jobs().toArray()).length;
      const bad: [() => unknown, string, RegExp][] = [
        [() => d('  '), 'invalid-argument', /no code/],
        [() => d('1 +\n  )'), 'syntax-error', /line 2/],
        [() => d.eval('f', { vars: { f: { g: [() => 1] } } }), 'not-shippable', /\.f\.g\[0\]/],
        [() => d.eval('1', { vars: { 'a b': 1 } }), 'invalid-argument', /"a b"/],
        [() => d.eval('1', { priority: 9 }), 'invalid-argument', /priority is 9.*1 to 5/],
        [() => d.eval('1', { timeout: 9 } as never), 'invalid-argument', /no option timeout/],
        [() => d.eval('1', { files: ['/no/such/file'] }), 'invalid-argument', /\/no\/such\/file/],
        [() => d.eval('1', { files: { '../x': 'y' } }), 'invalid-argument', /"\.\.\/x"/],
        [() => d.evalFunction(Math.max as never, [1] as never), 'not-shippable', /native/],
        [() => d.evalFile('/no/such.js'), 'invalid-argument', /no\/such\.js/],
        [() => d.map((x: number) => x, 5 as never), 'invalid-argument', /cannot be iterated/],
        [() => d.map((x: unknown) => x, [1, Symbol('s')]), 'not-shippable', /Input 1 of the map/],
      ];
      for (const [act, code, message] of bad) expectRefusal(act, code, message);
      expect((await d.jobs().toArray()).length).to.equal(before);
    });

    it('rejects with what the task threw, and why each attempt failed', async () => {
      const job = d.eval('console.log("on the way"); throw new RangeError("too far")', { maxAttempts: 2 });
      const error = await rejection(job.wait());
      expect(error).to.be.instanceOf(TaskFailedError);
      expect(error.message)
        .to.match(/Job \d+ failed after 2 attempts/)
        .and.match(/attempt 1.*too far/)
        .and.match(/attempt 2.*too far/);
      expect(error.cause).to.be.instanceOf(RangeError);
      expect(job.error).to.be.instanceOf(TaskFailedError);
      expect([job.status, job.attempts, job.result]).to.deep.equal(['failed', 2, undefined]);
    });

    it('times out without stopping the job, and takes an abort signal', async () => {
      const job = d.eval('await new Promise((r) => setTimeout(r, 400)); "late"');
      expect(await rejection(job.wait({ timeoutMs: 50 }))).to.be.instanceOf(TimeoutError);
      const reason = new Error('enough');
      expect(await rejection(job.wait({ signal: AbortSignal.abort(reason) }))).to.equal(reason);
      expect(await job.wait()).to.equal('late');
    });
  });

  describe('a Job', () => {
    it('is killed with its reason', async () => {
      const job = d.eval('while (true) {}', { name: 'spinner' });
      await eventually('it runs', () => job.status === 'processing');
      await job.kill('seen enough');
      const error = await rejection(job.wait());
      expect(error).to.be.instanceOf(KilledError);
      expect(error.message).to.contain('spinner').and.contain('seen enough');
      expect(job.status).to.equal('killed');
      expect(await d('1').wait()).to.equal(1);
    });

    it('runs again', async () => {
      const job = d.eval<number>('console.log(attempt); attempt');
      expect(await job.wait()).to.equal(1);
      await job.rerun();
      expect(job.result).to.equal(undefined);
      expect(await job.wait()).to.equal(2);
      expect([job.output, job.attempts]).to.deep.equal(['2\n', 2]);
    });

    it('shows its output as it comes', async () => {
      const job = d.eval(
        'console.log("first"); await new Promise((r) => setTimeout(r, 300)); console.error("second")',
      );
      const pieces: string[] = [];
      let statusAtFirst = '';
      for await (const { text, stderr } of job.follow()) {
        if (pieces.length === 0) statusAtFirst = job.status;
        pieces.push(`${stderr ? 2 : 1} ${text}`);
      }
      expect(pieces).to.deep.equal(['1 first\n', '2 second\n']);
      expect(statusAtFirst).to.equal('processing');
      await job.wait();
    });

    it('saves its result in the form that the name asks for', async () => {
      const job = d.eval('({ big: 2n ** 70n, list: new Set([1, "x"]), text: "t" })');
      const dir = makeTempDir();
      await job.save(join(dir, 'r.json'));
      await job.save(join(dir, 'r.cbor'));
      await job.save(join(dir, 'r.txt'));
      expect(JSON.parse(readFileSync(join(dir, 'r.json'), 'utf8'))).to.deep.equal({
        ...{ big: `${2n ** 70n}`, list: [1, 'x'], text: 't' },
      });
      expect(decodeValue(readFileSync(join(dir, 'r.cbor')))).to.deep.equal(await job.wait());
      expect(readFileSync(join(dir, 'r.txt'), 'utf8')).to.contain(`${2n ** 70n}n`);
      const error = await rejection(job.save(join(dir, 'no', 'r.txt')));
      expect(error.message).to.contain(join(dir, 'no', 'r.txt'));
    });

    it('pauses, explains, resumes and is forgotten', async () => {
      const blocked = d.eval('1', { labels: ['nowhere'] });
      await blocked.accepted;
      const { reasons } = await blocked.explain();
      expect(reasons.join(' ')).to.match(/nowhere/);
      await d.pause(blocked);
      await eventually('it is paused', () => blocked.status === 'paused');
      await blocked.resume();
      await eventually('it waits', () => blocked.status === 'waiting');
      await blocked.setPriority(1);
      expect(await d.kill(blocked, 'done with it')).to.deep.equal([blocked.id]);
      await blocked.settled();
      expect(await d.forget(blocked)).to.equal(1);
      expect(await rejection(d.job(blocked.id!))).to.include({ code: 'not-found' });
    });
  });

  describe('functions and files', () => {
    it('calls a function with its scope', async () => {
      const offset = 10;
      const add = (a: number, b: number) => a + b + offset;
      expect(await d.evalFunction(add, [1, 2], { scope: { offset } }).wait()).to.equal(13);
      const twice = (x: number) => add(x, x);
      expect(await d.evalFunction(twice, [4], { scope: { add, offset } }).wait()).to.equal(18);
    });

    it('puts files into the folder of the task', async () => {
      const dir = makeTempDir();
      writeFileSync(join(dir, 'input.txt'), 'from a path');
      const code = "['a/b.txt', 'input.txt'].map((name) => require('fs').readFileSync(name, 'utf8'))";
      const files = { 'a/b.txt': Buffer.from('from bytes'), 'input.txt': join(dir, 'input.txt') };
      expect(await d.eval(code, { files }).wait()).to.deep.equal(['from bytes', 'from a path']);
    });

    it('runs a file, and jobs that are described as data', async () => {
      const path = join(makeTempDir(), 'code.js');
      writeFileSync(path, 'const x = 20;\nx + 1');
      const job = d.evalFile(path);
      expect([await job.wait(), job.name]).to.deep.equal([21, 'code.js']);
      expect(await d.sendJob({ code: 'n * 2', vars: { n: 4 } }).wait()).to.equal(8);
      expect(await d.sendJob({ function: (n: number) => n + 1, args: [5] }).wait()).to.equal(6);
    });

    it('sends and brings back values that are too large for a message', async () => {
      const large = new Uint8Array(3_000_000).map((_, i) => i % 251);
      const back = await d.evalFunction((bytes: Uint8Array) => bytes.map((b) => 255 - b), [large]).wait();
      expect(Buffer.compare(Buffer.from(back), Buffer.from(large.map((b) => 255 - b)))).to.equal(0);
      expect(await d.eval('big.length', { vars: { big: 'x'.repeat(2_000_000) } }).wait()).to.equal(2_000_000);
      const sizes = await d.map((n: number) => 'y'.repeat(n), [10, 600_000, 20]).wait();
      expect(sizes.map((text) => text.length)).to.deep.equal([10, 600_000, 20]);
    });
  });

  describe('listings and the server', () => {
    it('finds jobs again, by number and by filter', async () => {
      const job = d.eval('"found"', { name: 'needle-1' });
      await job.wait();
      const again = await d.job(job.id!);
      expect(again).to.be.instanceOf(Job);
      expect([again.result, again.status, again.name]).to.deep.equal(['found', 'completed', 'needle-1']);
      const [info] = await d.jobs({ name: 'needle-1', status: 'completed' }).toArray();
      expect(info).to.deep.include({ id: job.id, kind: 'eval', summary: '"found"', taskCount: 1 });
      const [mine] = await d.getMyJobs({ name: 'needle-1' });
      expect(await mine!.wait()).to.equal('found');
      const map = d.map((x: number) => -x, [1, 2, 3]);
      await map.wait();
      const same = await d.job(map.id!);
      expect(same).to.be.instanceOf(MapJob);
      expect(same.result).to.deep.equal([-1, -2, -3]);
      expect((await d.tasks(map.id!).toArray()).map(({ status }) => status)).to.have.length(3);
      expect(await rejection(d.job(999_999))).to.include({ code: 'not-found' });
      expectRefusal(() => d.tasks(-1), 'invalid-argument', /-1 is not the number of a job/);
    });

    it('reads page after page', async () => {
      const jobs = Array.from({ length: 620 }, (_, i) => d.eval('1', { name: `page-${i}` }));
      await Promise.all(jobs.map((job) => job.accepted));
      const listed = await d.jobs({ name: 'page-', oldestFirst: true }).toArray();
      expect(listed.map(({ id }) => id)).to.deep.equal(jobs.map(({ id }) => id));
      expect(await d.jobs({ name: 'page-' }).toArray(7)).to.have.length(7);
      await d.blockOnJobs(jobs);
    });

    it('tells of workers, clients, speed and logs', async () => {
      const [worker] = await d.workers();
      expect(worker).to.deep.include({ connected: true, slots: 2 });
      const { free, working, total } = await d.workerCount();
      expect([free + working, total]).to.deep.equal([1, 1]);
      const clients = await d.clients();
      expect(clients.map(({ pid }) => pid)).to.include(process.pid);
      const { value, unit } = await d.clusterSpeed();
      expect(value).to.be.greaterThan(0);
      expect(unit).to.match(/modular multiplications per second/);
      expect(await d.serverLog(5)).to.have.length.within(1, 5);
      expect(await d.workerLog(5)).to.be.an('array');
      expect(await d.webServerUrl()).to.match(/^http:\/\//);
      expect(d.isConnected()).to.equal(true);
      expect(await rejection(d.workerLog(5, 99))).to.include({ code: 'not-found' });
    });

    it('kills all', async () => {
      const jobs = [1, 2, 3].map((n) => d.eval(`${n}`, { labels: ['nowhere'] }));
      await Promise.all(jobs.map((job) => job.accepted));
      expect(await d.killAll('tidying')).to.have.members(jobs.map(({ id }) => id));
      await d.blockOnJobs(jobs);
      expect(jobs.map((job) => job.error?.message)).to.satisfy((all: string[]) =>
        all.every((text) => text.includes('tidying')),
      );
    });
  });
});

function expectRefusal(act: () => unknown, code: string, message: RegExp): void {
  try {
    act();
  } catch (error) {
    expect((error as Error).message).to.match(message);
    expect(error).to.include({ code });
    return;
  }
  throw new Error(`not refused: ${message.source}`);
}
