import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { Files } from '#dsage/client/files.js';
import type { EvalOptions } from '#dsage/client/options.js';
import type { Job } from '#dsage/client/job.js';
import { createCsr } from '#dsage/security/pki.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { type Expected, refused } from '../support/refusal.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

interface Case extends Expected {
  readonly name: string;
  readonly attempt: () => unknown;
}

const MISSING = 4711;

describe('bad input is refused with a code and what to do next, and changes nothing:', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;
  let ended: Job;
  let waiting: Job;

  before(async () => {
    cluster = await startCluster({ workers: 1 });
    d = await cluster.connect();
    ended = d('2 + 2', { name: 'ended' });
    waiting = d('1', { name: 'waiting', labels: ['nowhere'] });
    await Promise.all([ended.wait({ timeoutMs: 20_000 }), waiting.accepted]);
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  /** All that a refusal could have changed. */
  async function state(): Promise<unknown> {
    const jobs = await d.jobs({ owner: '*' }).toArray();
    return { jobs, task: await d.task(waiting.id ?? 0, 0), users: await d.users.list() };
  }

  function refuses(cases: readonly Case[]): void {
    for (const { name, attempt, ...expected } of cases) {
      it(name, async () => {
        const before = await state();
        await refused(attempt, expected);
        expect(await state()).to.deep.equal(before);
      });
    }
  }

  describe('jobs and tasks that are not there', () => {
    const noJob = { code: 'not-found', says: /no job 4711/, hint: /dsage jobs/ } as const;
    refuses([
      { name: 'get', attempt: () => d.job(MISSING), ...noJob },
      { name: 'kill', attempt: () => d.kill(MISSING), ...noJob },
      { name: 'kill, beside one that is there', attempt: () => d.kill([waiting, MISSING]), ...noJob },
      { name: 'pause', attempt: () => d.pause([waiting, MISSING]), ...noJob },
      { name: 'resume', attempt: () => d.resume(MISSING), ...noJob },
      { name: 'priority', attempt: () => d.setPriority([waiting, MISSING], 1), ...noJob },
      { name: 'explain', attempt: () => d.explain(MISSING), ...noJob },
      { name: 'forget, beside one that is there', attempt: () => d.forget([ended, MISSING]), ...noJob },
      { name: 'tasks', attempt: () => d.tasks(MISSING).toArray(), ...noJob },
      { name: 'task', attempt: () => d.task(MISSING, 0), ...noJob },
      {
        name: 'a task beyond the last',
        attempt: () => d.task(ended.id ?? 0, 1),
        code: 'not-found',
        says: /Job \d+ has no task 1: it has 1/,
        hint: /dsage job/,
      },
      {
        name: 'a task before the first',
        attempt: () => d.task(ended.id ?? 0, -1),
        code: 'invalid-argument',
        says: /-1/,
        hint: /whole number from 0/,
      },
      {
        name: 'what is no number of a job',
        attempt: () => d.kill(1.5),
        code: 'invalid-argument',
        says: /1\.5 is not the number of a job/,
        hint: /whole number from 1/,
      },
    ]);
  });

  describe('jobs in the wrong state', () => {
    refuses([
      {
        name: 'rerun of one that has not ended',
        attempt: () => waiting.rerun(),
        code: 'failed-precondition',
        says: /Job \d+ .*(waiting|not ended)/,
        hint: /kill|wait/i,
      },
      {
        name: 'forgetting one that has not ended',
        attempt: () => d.forget(waiting),
        code: 'failed-precondition',
        says: /Job \d+ .*(waiting|not ended)/,
        hint: /kill|wait/i,
      },
      {
        name: 'forgetting one that has not ended, beside one that has',
        attempt: () => d.forget([ended, waiting]),
        code: 'failed-precondition',
        says: /Job \d+ .*(waiting|not ended)/,
        hint: /kill|wait/i,
      },
    ]);
  });

  describe('code', () => {
    const syntax = { code: 'syntax-error', hint: /.*/ } as const;
    refuses([
      { name: 'empty', attempt: () => d(''), code: 'invalid-argument', says: /no code/, hint: /d\('2\+2'\)/ },
      { name: 'blank', attempt: () => d(' \n '), code: 'invalid-argument', says: /no code/, hint: /d\(/ },
      { name: 'unfinished', attempt: () => d('1 +'), says: /line 1, column 4/, ...syntax },
      {
        name: 'wrong on a later line',
        attempt: () => d('let x = 1;\nlet y = ;'),
        says: /line 2, column 9/,
        ...syntax,
      },
      {
        name: 'an import statement',
        attempt: () => d("import fs from 'node:fs';"),
        ...{ code: 'syntax-error', says: /line 1/, hint: /await import/ },
      },
      {
        name: 'a file that is not there',
        attempt: () => d.evalFile('/nowhere/at/all.js'),
        ...{ code: 'invalid-argument', says: /\/nowhere\/at\/all\.js/, hint: /path/ },
      },
      {
        name: 'for an evaluator that nobody has',
        attempt: () => d('1', { evaluator: 'fortran' }),
        ...{ code: 'invalid-argument', says: /fortran/, hint: /javascript/ },
      },
    ]);
  });

  describe('values that cannot travel', () => {
    class Point {
      readonly x = 1;
    }
    const stays = { code: 'not-shippable', hint: /.+/ } as const;
    const outside = 5;
    refuses([
      { name: 'a function', attempt: () => d('v', { vars: { v: { f: () => 1 } } }), says: /v\.f/, ...stays },
      {
        name: 'an instance',
        attempt: () => d('v', { vars: { v: [new Point()] } }),
        says: /v\[0\].*Point/,
        ...stays,
      },
      {
        name: 'a symbol',
        attempt: () => d('v', { vars: { v: Symbol('s') } }),
        says: /v\b.*symbol/i,
        ...stays,
      },
      {
        name: 'an argument',
        attempt: () => d.evalFunction((p: Point) => p.x, [new Point()]),
        says: /\[0\].*Point/,
        ...stays,
      },
      {
        name: 'an input of a map',
        attempt: () => d.map((s: unknown) => s, [1, Symbol('s')]),
        says: /symbol/i,
        ...stays,
      },
      {
        name: 'a free variable',
        attempt: () => d.map((n: number) => n + outside, [1]),
        says: /outside/,
        ...stays,
      },
      {
        name: 'a native function',
        attempt: () => d.map(Math.sqrt, [1]),
        says: /native/,
        ...stays,
      },
      {
        name: 'what cannot be mapped over',
        attempt: () => d.map((n: number) => n, 5 as never),
        ...{ code: 'invalid-argument', says: /Argument 2 of map/, hint: /arrays/ },
      },
    ]);
  });

  describe('options', () => {
    const option = (options: unknown, says: RegExp, hint: RegExp): Case => ({
      name: JSON.stringify(options).slice(0, 60),
      attempt: () => d('1', options as EvalOptions),
      ...{ code: 'invalid-argument', says, hint },
    });
    refuses([
      option({ priority: 0 }, /priority is 0/, /from 1 to 5/),
      option({ priority: 6 }, /priority is 6/, /from 1 to 5/),
      option({ priority: 2.5 }, /priority is 2\.5/, /from 1 to 5/),
      option({ priority: '1' }, /priority is "1"/, /from 1 to 5/),
      option({ labels: 'gpu' }, /labels is "gpu"/, /array of strings/),
      option({ labels: [''] }, /labels/, /array of strings/),
      option({ resources: { gpu: -1 } }, /gpu is -1/, /above 0/),
      option({ resources: { gpu: '1' } }, /gpu is "1"/, /above 0/),
      option({ resources: 'gpu' }, /resources/, /\{ gpu: 1 \}/),
      option({ timeoutMs: 0 }, /timeoutMs is 0/, /from 1 on/),
      option({ memoryMb: -5 }, /memoryMb is -5/, /from 1/),
      option({ maxAttempts: 1001 }, /maxAttempts is 1001/, /from 1 to 1000/),
      option({ ttlMs: 0.5 }, /ttlMs is 0\.5/, /whole number/),
      option({ name: 'n'.repeat(201) }, /201 characters/, /at most 200/),
      option({ prioritty: 1 }, /no option prioritty/, /priority/),
      option({ vars: { 'a-b': 1 } }, /"a-b"/, /letters/),
      {
        ...option({}, /33 labels.*32|labels.*33/, /fewer/),
        name: '33 labels',
        attempt: () => d('1', { labels: Array.from({ length: 33 }, (_, i) => `l${String(i)}`) }),
        code: 'limit-exceeded',
      },
      {
        ...option({}, /priority is 9/, /1.*5/),
        name: 'a priority that is changed',
        attempt: () => d.setPriority(waiting, 9),
      },
    ]);
  });

  describe('files', () => {
    let folder: string;
    before(() => {
      folder = makeTempDir();
      writeFileSync(`${folder}/large.bin`, '');
      truncateSync(`${folder}/large.bin`, 513 * 1024 * 1024);
      mkdirSync(`${folder}/inner`);
    });
    const file = (name: string, files: () => Files, says: RegExp, hint: RegExp): Case => ({
      ...{ name, attempt: () => d('1', { files: files() }) },
      ...{ code: 'invalid-argument', says, hint },
    });
    refuses([
      file('one that is not there', () => ['/nowhere/input.txt'], /\/nowhere\/input\.txt.*ENOENT/, /path/),
      file('a directory', () => [`${folder}/inner`], /inner.*not a file/, /path/),
      file(
        'a name that leads out',
        () => ({ 'up/../../x': '/etc/hostname' }),
        /"up\/\.\.\/\.\.\/x"/,
        /relative/,
      ),
      file('an absolute name', () => ({ '/etc/x': '/etc/hostname' }), /"\/etc\/x"/, /relative/),
      {
        ...file(
          'one that is too large',
          () => [`${folder}/large.bin`],
          /large\.bin has 537,919,488 bytes.*536,870,912/,
          /path/,
        ),
        code: 'limit-exceeded',
      },
    ]);
  });

  describe('users', () => {
    const noUser = { code: 'not-found', says: /no user nobody/, hint: /dsage user list/ } as const;
    const lastAdmin = { code: 'failed-precondition', says: /last admin/, hint: /dsage user add/ } as const;
    const me = async () => (await d.users.list()).find(({ role }) => role === 'admin')?.name ?? '';
    refuses([
      { name: 'enabling one that is not there', attempt: () => d.users.enable('nobody'), ...noUser },
      { name: 'disabling one that is not there', attempt: () => d.users.disable('nobody'), ...noUser },
      { name: 'removing one that is not there', attempt: () => d.users.remove('nobody'), ...noUser },
      { name: 'disabling the last admin', attempt: async () => d.users.disable(await me()), ...lastAdmin },
      { name: 'removing the last admin', attempt: async () => d.users.remove(await me()), ...lastAdmin },
      {
        name: 'a name that is none',
        attempt: async () => d.users.add({ name: 'a b', csrPem: (await createCsr('ab')).csrPem }),
        ...{ code: 'invalid-argument', says: /"a b"/, hint: /letters/ },
      },
      {
        name: 'a name that has another role',
        attempt: async () => d.users.add({ name: await me(), csrPem: (await createCsr('x')).csrPem }),
        ...{
          code: 'already-exists',
          says: /is there already, with the role admin/,
          hint: /--role admin|another name/,
        },
      },
      {
        name: 'a role that is none',
        attempt: async () =>
          d.users.add({ name: 'zoe', role: 'king' as never, csrPem: (await createCsr('zoe')).csrPem }),
        ...{ code: 'invalid-argument', says: /king/, hint: /user, admin/ },
      },
      {
        name: 'a request that is none',
        attempt: () => d.users.add({ name: 'zoe', csrPem: 'hello' }),
        ...{ code: 'invalid-argument', says: /certificate request/, hint: /new one/ },
      },
      {
        name: 'a request that was changed',
        attempt: async () => {
          const { csrPem } = await createCsr('zoe');
          const middle = csrPem.length - 80;
          const other = csrPem[middle] === 'A' ? 'B' : 'A';
          await d.users.add({
            name: 'zoe',
            csrPem: csrPem.slice(0, middle) + other + csrPem.slice(middle + 1),
          });
        },
        ...{ code: 'invalid-argument', says: /certificate request/, hint: /new one/ },
      },
    ]);
  });

  describe('workers and logs', () => {
    refuses([
      {
        name: 'a worker that is not there',
        attempt: () => d.drainWorker(99),
        ...{ code: 'not-found', says: /no worker 99/, hint: /dsage workers/ },
      },
      {
        name: 'the log of a worker that is not there',
        attempt: () => d.workerLog(10, 99),
        ...{ code: 'not-found', says: /no worker 99/, hint: /workers/ },
      },
      {
        name: 'no lines of a log',
        attempt: () => d.serverLog(0),
        ...{ code: 'invalid-argument', says: /number of lines is 0/, hint: /from 1/ },
      },
    ]);
  });

  it('and the server and its worker work on', async () => {
    expect(await d('6 * 7').wait({ timeoutMs: 20_000 })).to.equal(42);
  });
});
