import { once } from 'node:events';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';

import { expectRefused, finished, runDsage, spawnDsage, type RunOptions } from '../support/cli.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';
import { hasTerminals, Terminal } from '../support/terminal.js';
import { UserPackage } from '../support/user-package.js';

const SQUARES = `import { DistributedJob } from 'dsage';
import { square } from './square.js';

interface Parameters { count?: number; ms?: number; badTask?: number; badAnswer?: number }

export class Squares extends DistributedJob<Parameters, number, number, bigint> {
  static readonly module = import.meta.url;
  #sum = 0n;
  constructor(parameters: Parameters) {
    super(parameters);
    if ((parameters.count ?? 0) < 0) throw new RangeError('count is below 0');
  }
  get total() { return this.parameters.count ?? 3; }
  get stage() { return 'sum ' + this.#sum; }
  *tasks() { for (let n = 1; n <= this.total; n += 1) yield n; }
  async compute(n: number) {
    await new Promise((done) => setTimeout(done, this.parameters.ms ?? 0));
    if (n === this.parameters.badTask) throw new TypeError('task ' + n);
    return square(n);
  }
  collect(answer: number, n: number) {
    if (n === this.parameters.badAnswer) throw new RangeError('answer ' + n);
    if (n === 2) console.log('collected', n);
    this.#sum += BigInt(answer);
  }
  get result() { return this.#sum; }
}
`;
const JOB = `import { DistributedJob } from 'dsage';
class Base extends DistributedJob {
  *tasks() {}
  compute() {}
  collect() {}
  get result() { return this.constructor.name; }
}
`;
const FILES = {
  'squares.ts': SQUARES,
  'square.ts': 'export const square = (n: number): number => n * n;\n',
  'two.mjs': `${JOB}export class One extends Base { static module = import.meta.url; }
export class Two extends Base { static module = import.meta.url; }\n`,
  'endless.ts': `${JOB}console.log('loaded');
export class Endless extends Base {
  static module = import.meta.url;
  override async *tasks() { await new Promise((done) => setTimeout(done, 600_000)); yield 1; }
}\n`,
  'none.ts': 'export const limit = 3;\nexport type Nothing = never;\n',
  'hidden.js': `${JOB}class Hidden extends Base {}\n`,
  'homeless.mts': `${JOB}export class Homeless extends Base {}\n`,
  'syntax.ts': 'export const a = 1;\nexport class B {\n  x: = 3;\n}\n',
  'throws.ts': 'const a: number = 1;\n\nthrow new RangeError("not " + a);\nexport {};\n',
  'missing.ts': "import { b } from './b.js';\nexport { b };\n",
  'parameters.json': '{ "count": 4 }',
  'data.txt': '1 2 3',
};

describe('dsage run', function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let d: Dsage;
  let theirs: UserPackage;
  let name = '';
  let count = 0;

  before(async () => {
    cluster = await startCluster({ workers: 2 });
    d = await cluster.connect();
    theirs = new UserPackage(FILES);
  });

  beforeEach(() => (name = `run-${String((count += 1))}`));

  afterEach(() => d.killAll());

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  const run = (args: readonly string[], options: Partial<RunOptions> = {}) =>
    runDsage(['run', ...args], { directory: cluster.directory, cwd: theirs.folder, ...options });
  const spawn = (...args: readonly string[]) =>
    spawnDsage(['run', ...args], { directory: cluster.directory, cwd: theirs.folder });
  /** What a run printed that must succeed. */
  const print = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args);
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const find = async () => (await d.jobs({ name }).toArray(1))[0];
  const started = async (done = 0) => {
    await eventually('the job runs', async () => ((await find())?.counts.completed ?? -1) >= done, 30_000);
    return String((await find())?.id);
  };
  const slow = (tasks: number, ms: number) => [JSON.stringify({ count: tasks, ms }), '--name', name];

  describe('from its beginning', () => {
    it('runs the class in a TypeScript file, and says how far it is', async () => {
      const { code, stdout, stderr } = await run(['squares.ts', '{"count": 10, "ms": 30}']);
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'collected 2\n385n\n' });
      expect(stderr).to.match(/^job \d+: \d+ of 10 done(, .*)?, sum \d+\n$/);
    });

    it('takes parameters from a file, from stdin, and none', async () => {
      const paths = [join(theirs.folder, 'squares.ts'), '@parameters.json'];
      expect(await print(...paths)).to.match(/^30n$/m);
      expect((await run(['squares.ts', '-'], { input: '{"count": 2}' })).stdout).to.match(/^5n$/m);
      expect(await print('squares.ts')).to.match(/^14n$/m);
      expect(await print('two.mjs', '--class', 'Two')).to.equal("'Two'\n");
    });

    it('passes on what it is told of the job', async () => {
      const options = ['--name', name, '--priority', '2', '--attempts', '1', '--file', 'data.txt'];
      await print('squares.ts', ...options, '--time-limit', '1m');
      expect(await find()).to.include({ name, priority: 2, summary: 'Squares', kind: 'class' });
    });

    it('prints one JSON document with --json, of a failure too', async () => {
      const ran = await run(['squares.ts', '--json']);
      expect(JSON.parse(ran.stdout)).to.deep.include({ status: 'completed', result: '14' });
      expect(ran.stderr).to.equal('collected 2\n');
      const failed = await run(['squares.ts', '{"badAnswer": 1}', '--json']);
      expect(failed.code).to.equal(1);
      expect(JSON.parse(failed.stdout)).to.have.nested.property('error.code', 'task-failed');
    });

    it('ends with 1 when a task or the coordinator fails, and names the line', async () => {
      const task = await run(['squares.ts', '{"badTask": 2}', '--attempts', '1']);
      expect({ code: task.code, stdout: task.stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(task.stderr).to.match(/dsage: Job \d+ failed: .*TypeError: task 2/);
      expect(task.stderr).to.match(/^ {2}at .*squares\.ts:18:/m);
      expect(task.stderr).to.match(/^Look closer: dsage job \d+ --tasks .*, dsage logs \d+ /m);
      const answer = await run(['squares.ts', '{"badAnswer": 3}']);
      expect(answer.code).to.equal(1);
      expect(answer.stderr).to.match(/collect\(\) threw RangeError: answer 3/);
      expect(answer.stderr)
        .to.match(/^ {2}at .*squares\.ts:22:/m)
        .and.not.match(/coordinator/);
    });

    it('is stopped by Ctrl-C where nobody can be asked, and ends with 130', async () => {
      const child = spawn('squares.ts', ...slow(100, 100));
      const end = finished(child);
      await started(1);
      child.kill('SIGINT');
      const { code, stderr } = await end;
      expect(code).to.equal(130);
      expect(stderr).to.match(/stopping job \d+/);
      expect(await find()).to.deep.include({ status: 'killed', reason: 'stopped by Ctrl-C' });
    });

    it('is left by Ctrl-C when it has no task yet', async () => {
      const child = spawn('endless.ts');
      const end = finished(child);
      await once(child.stdout!, 'data');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      child.kill('SIGINT');
      const { code, stderr } = await end;
      expect(code).to.equal(130);
      expect(stderr).to.match(/stopping the job .*\n.*not accepted it so far/);
    });

    it('ends with 124 when it has waited long enough, and says how to go on', async () => {
      const { code, stderr } = await run(['squares.ts', ...slow(40, 100), '--timeout', '700ms']);
      expect(code).to.equal(124);
      const id = await started();
      expect(stderr).to.match(
        new RegExp(`stays on the server.*\\n  dsage run squares\\.ts --attach ${id}\\n`),
      );
      expect(await print('squares.ts', '--attach', id)).to.match(/^22140n$/m);
    });
  });

  describe('detached', () => {
    it('prints only the number of the job, which needs nobody here', async () => {
      const id = (await print('squares.ts', '{"count": 5}', '--detach')).trim();
      expect(id).to.match(/^\d+$/);
      const { stdout } = await runDsage(['wait', id], { directory: cluster.directory });
      expect(stdout).to.match(/^55n$/m);
      expect((await d.jobInfo(Number(id))).detached).to.equal(true);
    });

    it('is watched with the same display, and goes on when that is interrupted', async () => {
      expect(await print('squares.ts', '{"count": 6}', '--detach', '--watch')).to.match(/^91n$/m);
      const child = spawn('squares.ts', ...slow(60, 100), '--detach', '--watch');
      const end = finished(child);
      const id = await started(3);
      child.kill('SIGINT');
      const { code, stderr } = await end;
      expect(code).to.equal(130);
      expect(stderr).to.match(
        new RegExp(`Job ${id} goes on.*\\n  dsage run squares.ts --attach ${id} --watch`),
      );
      expect(await print('squares.ts', '--attach', id, '--watch')).to.match(/^73810n$/m);
    });
  });

  describe('--attach', () => {
    it('goes on with a job whose first run was killed; explain says that it must', async () => {
      const child = spawn('squares.ts', ...slow(60, 50));
      const id = await started(5);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const isLeft = async () => {
        const { counts } = await d.jobInfo(Number(id));
        return counts.waiting === 0 && counts.processing === 0;
      };
      await eventually('its tasks have ended', isLeft, 30_000);
      expect((await d.jobInfo(Number(id))).status).to.be.oneOf(['waiting', 'processing']);
      const explained = await runDsage(['explain', id], { directory: cluster.directory });
      expect(explained.stdout).to.contain(`dsage run FILE --attach ${id}`);
      expect(await print('squares.ts', '--attach', id)).to.match(/^73810n$/m);
      expect((await d.jobInfo(Number(id))).taskCount).to.equal(60);
    });

    it('with --watch cuts nobody off', async () => {
      const first = finished(spawn('squares.ts', ...slow(40, 50)));
      const id = await started(1);
      const second = run(['squares.ts', '--attach', id, '--watch']);
      const ends = await Promise.all([first, second]);
      for (const { code, stdout, stderr } of ends) {
        expect(code, stderr).to.equal(0);
        expect(stdout).to.match(/^22140n$/m);
      }
    });
  });

  describe('on a terminal', () => {
    before(function () {
      if (!hasTerminals) this.skip();
    });

    const open = (...args: string[]) =>
      new Terminal(['run', join(theirs.folder, 'squares.ts'), ...args], { directory: cluster.directory });

    it('shows a bar, and what the job prints above it', async () => {
      const terminal = open(...slow(30, 100));
      await terminal.shows(/job \d+ {2}█+░+ {2}\d+\/30 {2}2 running {2}\S+\/s {2}\d+ s left {2}sum \d+/);
      await terminal.shows(/job \d+ {2}█{40} {2}30\/30 .*\n9455n\n$/);
      expect(await terminal.end()).to.equal(0);
    });

    it('asks at Ctrl-C, goes on, and leaves the job on the server', async () => {
      const terminal = open(...slow(60, 100));
      const id = await started(1);
      terminal.type('\u0003');
      await terminal.shows(
        /\n\[d\]etach \(it stays on the server, for later\), \[s\]top or \[c\]ontinue\? $/,
      );
      terminal.type('xc');
      terminal.type('c');
      await terminal.shows(/ 1\d\/60 /);
      terminal.type('\u0003');
      await terminal.shows(/\[d\]etach/);
      terminal.type('d');
      await terminal.shows(
        new RegExp(`Job ${id} stays on the server;.*\\n  dsage run \\S+squares\\.ts --attach ${id}`),
      );
      expect(await terminal.end()).to.equal(0);
      const again = open('--attach', id);
      await again.shows(/ 60\/60 .*\n73810n\n/);
      expect(await again.end()).to.equal(0);
    });

    it('stops the job when that is the answer, also at a second Ctrl-C', async () => {
      for (const answer of ['s', '\u0003']) {
        name = `${name}+`;
        const terminal = open(...slow(100, 100));
        await started(1);
        terminal.type('\u0003');
        await terminal.shows(/\[c\]ontinue\? $/);
        terminal.type(answer);
        await terminal.shows(/stopping job \d+/);
        expect(await terminal.end()).to.equal(130);
        expect((await find())?.status).to.equal('killed');
      }
    });

    it('takes the question back when the job has ended meanwhile', async () => {
      const terminal = open(...slow(10, 100));
      await started(1);
      terminal.type('\u0003');
      await terminal.shows(/\[c\]ontinue\? $/);
      await terminal.shows(/\n385n\n$/);
      expect(await terminal.end()).to.equal(0);
    });
  });

  describe('what goes wrong', () => {
    const cases: [string, string[], number, RegExp][] = [
      ['no file', [], 2, /missing required argument 'file'/],
      ['a file that is not there', ['nothing.ts'], 2, /There is no file \/.*nothing\.ts/],
      ['a file of another kind', ['data.txt'], 2, /must end in \.ts, \.mts, \.js, \.mjs/],
      ['a file without a class', ['none.ts'], 2, /exports no class.*\n.*It exports limit/],
      ['a class that is not exported', ['hidden.js'], 2, /exports no class.*\n.*write export/],
      ['two classes', ['two.mjs'], 2, /exports 2 job classes: One, Two.*\n.*--class One/],
      ['another class', ['two.mjs', '--class', 'Three'], 2, /no job class Three.*\n.*One, Two/],
      [
        'a class without its module',
        ['homeless.mts'],
        2,
        /class Homeless does not say.*\n.*import\.meta\.url/,
      ],
      ['a syntax error', ['syntax.ts'], 2, /\/syntax\.ts:3:6: /],
      ['an import that leads nowhere', ['missing.ts'], 2, /\/missing\.ts:1:\d+: .*\.\/b\.js/],
      [
        'a file that throws',
        ['throws.ts'],
        2,
        /threw when it was loaded: RangeError: not 1 .*throws\.ts:3:7/,
      ],
      [
        'parameters that are no JSON',
        ['squares.ts', '{"count": }'],
        2,
        /line 1, column 11: a value is missing/,
      ],
      ['a file of parameters that is not there', ['squares.ts', '@no.json'], 2, /no\.json cannot be read/],
      ['a number that is too large', ['squares.ts', '{"count": 9007199254740993}'], 2, /as a string/],
      [
        'parameters that the class refuses',
        ['squares.ts', '{"count": -1}'],
        2,
        /count is below 0 .*squares\.ts:11:/,
      ],
      ['--watch alone', ['squares.ts', '--watch'], 2, /--detach, or --attach ID/],
      ['parameters for a job that has some', ['squares.ts', '{}', '--attach', '1'], 2, /already/],
      ['options for a job that has some', ['squares.ts', '--attach', '1', '--priority', '1'], 2, /already/],
      ['a job that is not there', ['squares.ts', '--attach', '999999'], 5, /no job 999999/],
    ];
    for (const [what, args, code, message] of cases) {
      it(`${what} ends with ${String(code)}`, async () => {
        expectRefused(await run(args), code, message);
      });
    }

    it('a job of another class ends with 2', async () => {
      const id = (await print('squares.ts', '--detach')).trim();
      const { code, stderr } = await run(['two.mjs', '--class', 'One', '--attach', id]);
      expect(code).to.equal(2);
      expect(stderr).to.match(/of the class Squares, not One/);
    });
  });
});
