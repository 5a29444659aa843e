import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';

import { expectRefused, finished, runDsage, spawnDsage, type RunOptions } from '../support/cli.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { rejection } from '../support/rejection.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const NEVER = 'await new Promise((done) => setTimeout(done, 600_000))';

describe('the commands', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ workers: 1 });
    d = await cluster.connect();
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  afterEach(() => d.killAll());

  const run = (args: readonly string[], options: Partial<RunOptions> = {}) =>
    runDsage(args, { directory: cluster.directory, ...options });
  /** What a command printed that must succeed. */
  const print = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args);
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const json = async (...args: string[]) =>
    JSON.parse(await print(...args, '--json')) as Record<string, unknown>;

  describe('eval', () => {
    it('prints the value as JavaScript shows it', async () => {
      expect(await print('eval', '2+2')).to.equal('4\n');
      expect(await print('eval', '[2n ** 70n, fraction(10, 3), "a", undefined]')).to.equal(
        "[ 1180591620717411303424n, 10/3, 'a', undefined ]\n",
      );
      expect(await print('eval', '--vars', '{"n": 5}', 'n * n')).to.equal('25\n');
      expect((await run(['eval', '-'], { input: '1 +\n 1' })).stdout).to.equal('2\n');
    });

    it('copies what the task writes to where it belongs', async () => {
      const ran = await run(['eval', 'console.log("out"); console.error("err"); 7']);
      expect(ran).to.deep.equal({ code: 0, stdout: 'out\n7\n', stderr: 'err\n' });
    });

    it('prints one JSON document with --json, of a failure too', async () => {
      expect(await json('eval', 'console.log("out"); ({ a: 2n })')).to.deep.include({
        status: 'completed',
        result: { a: '2' },
      });
      const { code, stdout } = await run([
        'eval',
        '--json',
        '--attempts',
        '1',
        'throw new TypeError("no good")',
      ]);
      expect(code).to.equal(1);
      expect(JSON.parse(stdout)).to.have.nested.property('error.code', 'task-failed');
    });

    it('ends with 1 when the job fails, and says why without a stack', async () => {
      const { code, stdout, stderr } = await run([
        'eval',
        '--attempts',
        '1',
        'throw new TypeError("no good")',
      ]);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr)
        .to.match(/^dsage: Job \d+ failed.*TypeError: no good/s)
        .and.not.match(/^\s+at /m);
    });

    it('says where to look closer when the job fails, as wait does, and both are there', async () => {
      const { stderr } = await run(['eval', '--attempts', '1', 'console.log("near"); throw new Error("x")']);
      const [, show = '', id = '', logs = ''] =
        /^Look closer: dsage (job (\d+) --tasks) shows its tasks, dsage (logs \d+) what they wrote\.$/m.exec(
          stderr,
        ) ?? [];
      expect(await print(...show.split(' '))).to.match(/^ +0 +failed/m);
      expect(await print(...logs.split(' '))).to.equal('near\n');
      const again = await run(['wait', id]);
      expect(again).to.deep.include({ code: 1 });
      expect(again.stderr).to.include(`Look closer: dsage job ${id} --tasks`);
      const asJson = await run(['wait', '--json', id]);
      expect(asJson.stderr).to.not.include('Look closer');
    });

    it('ends with 2 for code that does not parse, with its place', async () => {
      const { code, stderr } = await run(['eval', '1 +\n* 2']);
      expect(code).to.equal(2);
      expect(stderr).to.match(/^dsage: .*line 2, column 1/);
    });

    it('ends with 124 when it has waited long enough, and the job goes on', async () => {
      const { code } = await run(['eval', '--name', 'goes-on', '--timeout', '200ms', NEVER]);
      expect(code).to.equal(124);
      const [job] = await d.jobs({ name: 'goes-on' }).toArray(1);
      expect(job?.status).to.be.oneOf(['waiting', 'processing']);
    });

    it('kills its job at Ctrl-C, and ends with 130', async () => {
      const child = spawnDsage(['eval', '--name', 'interrupted', NEVER], { directory: cluster.directory });
      const end = finished(child);
      const find = async () => (await d.jobs({ name: 'interrupted' }).toArray(1))[0];
      await eventually('the job runs', async () => (await find())?.status === 'processing');
      child.kill('SIGINT');
      const { code, stderr } = await end;
      expect(code).to.equal(130);
      expect(stderr).to.match(/killing job \d+/);
      expect(await find()).to.deep.include({ status: 'killed', reason: 'interrupted by Ctrl-C' });
    });

    it('prints only the number of a job that it does not wait for; wait gives the result', async () => {
      const id = (await print('eval', '--detach', '--priority', '2', '6*7')).trim();
      expect(id).to.match(/^\d+$/);
      expect(await print('wait', id)).to.equal('42\n');
      expect((await d.jobInfo(Number(id))).priority).to.equal(2);
    });

    it('takes files along, and limits', async () => {
      const file = join(makeTempDir(), 'data.txt');
      writeFileSync(file, 'from a file');
      const read = 'require("node:fs").readFileSync("data.txt", "utf8")';
      expect(await print('eval', '--file', file, '--', read)).to.equal("'from a file'\n");
      const { code, stderr } = await run(['eval', '--time-limit', '300ms', '--attempts', '1', NEVER]);
      expect(code).to.equal(1);
      expect(stderr).to.match(/300 ms|time limit/);
    });
  });

  describe('jobs', () => {
    it('are listed for people and for programs', async () => {
      await d.eval('1', { name: 'listed' }).wait();
      const text = await print('jobs', '--name', 'listed');
      expect(text).to.match(/^JOB +STATUS +TASKS +PRIO +SUBMITTED +TOOK +NAME\n/);
      expect(text).to.match(/\d+ +completed +1\/1 +3 +just now +\d+ ms +listed\n/);
      const [job] = JSON.parse(await print('jobs', '--name', 'listed', '--json')) as { name: string }[];
      expect(job?.name).to.equal('listed');
      expect(await print('jobs', '--name', 'there-is-none')).to.equal('No jobs.\n');
    });

    it('say why they failed, one of one task as one of many', async () => {
      const one = d.eval('throw new TypeError("no good")', { name: 'lost-one', maxAttempts: 1 });
      const refuse = (n: number) => {
        if (n > 1) throw new RangeError(`not ${n}`);
        return n;
      };
      const many = d.map(refuse, [1, 2, 3], { name: 'lost-many', maxAttempts: 1 });
      const errors = await Promise.all([one, many].map((job) => rejection(job.wait())));
      expect(errors[1]?.message).to.match(/failed: 2 of its 3 tasks failed\. Task \d of job/);
      const text = await print('jobs', '--name', 'lost-');
      expect(text)
        .to.match(/lost-one +TypeError: no good\n/)
        .and.match(/lost-many +2 of 3 tasks failed, first task (\d): RangeError: not \d\n/);
      expect(await print('job', String(one.id))).to.match(/^status +failed: TypeError: no good$/m);
      expect((await d.jobInfo(one.id ?? 0)).reason).to.equal('TypeError: no good');
    });

    it('say when there are more', async () => {
      await Promise.all([d('1').wait(), d('2').wait()]);
      const { stdout, stderr } = await run(['jobs', '--limit', '1']);
      expect(stdout.trim().split('\n').length).to.equal(2);
      expect(stderr).to.match(/There are more/);
    });

    it('are shown with why they failed, and their tasks', async () => {
      const map = d.map(
        (n: number) => {
          if (n === 2) throw new Error('not two', { cause: new RangeError('too even') });
          return n;
        },
        [1, 2],
        { maxAttempts: 2 },
      );
      await map.settled();
      const text = await print('job', String(map.id), '--tasks');
      expect(text)
        .to.match(/status +failed/)
        .and.match(/task 1, attempt 2 on .*not two/)
        .and.match(/^ {2}at .*\n {2}caused by RangeError: too even\n {2}at /m)
        .and.match(/ {3}0 +completed +1/);
      expect(await json('job', String(map.id)))
        .to.have.property('failures')
        .with.length(2);
    });

    it('are killed, run again, paused, explained, resumed and forgotten', async () => {
      const id = (await print('eval', '--detach', NEVER)).trim();
      expect(await print('kill', id, '--reason', 'enough')).to.equal(`Killed job ${id}.\n`);
      expect(await d.jobInfo(Number(id))).to.deep.include({ status: 'killed', reason: 'enough' });
      expect((await run(['kill', id])).stderr).to.equal(`Job ${id} had ended already.\n`);
      const blocker = d(NEVER);
      await eventually(
        'the slot is taken',
        async () => (await d.jobInfo(await blocker.accepted)).status === 'processing',
      );
      expect(await print('rerun', id)).to.contain('runs again');
      expect(await print('explain', id)).to.match(/slots.*taken|served first/);
      await print('pause', id);
      expect(await print('explain', id)).to.match(/paused/);
      await print('resume', id);
      await print('priority', '1', id);
      expect((await d.jobInfo(Number(id))).priority).to.equal(1);
      expect(await print('kill', '--all')).to.match(/^Killed jobs /);
      expect(await print('forget', id)).to.equal('Forgot 1 job.\n');
      expect((await run(['job', id])).code).to.equal(5);
    });

    it('keep what they wrote; that of many tasks is named', async () => {
      const one = d('console.log("a"); console.log("b")');
      await one.wait();
      expect(await print('logs', String(one.id))).to.equal('a\nb\n');
      const map = d.map(
        (n: number) => {
          console.log(`line ${n}`);
        },
        [0, 1],
      );
      await map.wait();
      expect(await print('logs', String(map.id))).to.equal('[0] line 0\n[1] line 1\n');
      expect(await print('logs', String(map.id), '--task', '1')).to.equal('line 1\n');
    });

    it('can be followed', async () => {
      const job = d(
        'for (const n of [1, 2, 3]) { console.log(n); await new Promise((done) => setTimeout(done, 100)); }',
      );
      const id = await job.accepted;
      expect(await print('logs', String(id), '--follow')).to.equal('1\n2\n3\n');
    });
  });

  it('workers, clients, users and the server are shown', async () => {
    expect(await print('workers'))
      .to.match(/^WORKER +NAME/)
      .and.match(/connected +\d\/1/);
    expect(await print('clients')).to.match(new RegExp(` ${process.pid} `));
    expect(await print('user', 'list')).to.match(/ admin +enabled /);
    expect(await print('status')).to.match(/workers +1 worker, \d of 1 slot busy/);
    expect(await json('status')).to.deep.include({ workers: 1, slots: 1 });
    await d('throw new TypeError("no good")', { maxAttempts: 1, name: 'bad' }).settled();
    const log = await print('logs', '--server-log', '-n', '500');
    expect(log).to.match(/info +the server listens/);
    expect(log).to.match(/warn +a job failed .*bad.*no good/);
    expect(await print('logs', '--worker', '1', '-n', '5')).to.match(/info/);
  });

  it('the shell has d, top-level await, and answers in order', async () => {
    const { code, stdout } = await run(['shell'], {
      input: 'await d("1+1").wait()\nfraction(1, 3).add(1)\nx = 7',
    });
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '2\n4/3\n7\n' });
  });

  describe('what goes wrong', () => {
    const cases: [string, string[], number, RegExp][] = [
      ['an unknown command', ['evla', '1'], 2, /unknown command.*\n.*eval/],
      ['an unknown option', ['jobs', '--al'], 2, /unknown option.*\n.*--all/],
      ['an argument that is missing', ['job'], 2, /missing required argument/],
      ['no number of a job', ['job', 'twelve'], 2, /'twelve' is not the number of a job/],
      ['a job that is not there', ['job', '999999'], 5, /no job 999999/],
      ['nothing to kill', ['kill'], 2, /No job is named/],
      ['both jobs and --all', ['kill', '1', '--all'], 2, /not both/],
      ['a priority out of range', ['eval', '--priority', '6', '1'], 2, /1 \(highest\) to 5/],
      ['a time that is none', ['eval', '--timeout', 'soon', '1'], 2, /90s, 5m/],
      ['variables that are no object', ['eval', '--vars', '[1]', '1'], 2, /JSON object/],
      ['empty code', ['eval', ' '], 2, /no code/],
      ['an address that is none', ['jobs', '--server', 'a:b:c'], 2, /address of a server/],
      ['no server', ['--server', '127.0.0.1:1', 'jobs'], 3, /No dsage server answers at 127\.0\.0\.1:1/],
      ['a worker that is not there', ['drain', '99'], 5, /99/],
      ['a log of nothing', ['logs'], 2, /nothing to show/],
    ];
    for (const [name, args, code, message] of cases) {
      it(`${name} ends with ${code}`, async () => {
        expectRefused(await run(args), code, message);
      });
    }

    it('a server of another cluster ends with 3', async () => {
      const other = makeTempDir();
      expect((await runDsage(['setup'], { directory: other })).code).to.equal(0);
      const { code, stderr } = await runDsage(['jobs', '--server', cluster.address], { directory: other });
      expect(code).to.equal(3);
      expect(stderr).to.match(/^dsage: .*another cluster/);
    });

    it('shows the stack to who asks for it', async () => {
      const { stderr } = await run(['job', '999999'], { env: { DSAGE_DEBUG: '1' } });
      expect(stderr).to.match(/^\s+at /m);
    });
  });

  it('up stays until Ctrl-C, and ends what it started', async () => {
    const directory = makeTempDir();
    const child = spawnDsage(['up', '--workers', '1', '--port', '0', '--web-port', '0', '--json'], {
      directory,
    });
    const end = finished(child);
    const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
    const { address, server } = JSON.parse(chunk.toString()) as { address: string; server: number };
    expect((await runDsage(['eval', '2+2', '--server', address], { directory })).stdout).to.equal('4\n');
    child.kill('SIGINT');
    expect((await end).code).to.equal(0);
    expect(() => process.kill(server, 0)).to.throw(/ESRCH/);
  });

  it('up --detach and stop do what they say', async () => {
    const directory = makeTempDir();
    const up = await runDsage(['up', '--detach', '--workers', '1', '--port', '0', '--web-port', '0'], {
      directory,
    });
    expect(up.code, up.stderr).to.equal(0);
    expect(up.stdout).to.match(/with 1 worker;/);
    const { pid } = JSON.parse(readFileSync(join(directory, 'server.json'), 'utf8')) as { pid: number };
    const stop = await runDsage(['stop', '--workers'], { directory });
    expect(stop.code, stop.stderr).to.equal(0);
    expect(stop.stdout).to.match(/has stopped, and 1 worker with it/);
    expect(() => process.kill(pid, 0)).to.throw(/ESRCH/);
    expect((await runDsage(['status'], { directory })).code).to.equal(3);
  });
});
