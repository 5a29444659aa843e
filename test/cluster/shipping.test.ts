import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { DistributedJob } from '#dsage/jobs/distributed-job.js';
import { moduleFunction } from '#dsage/jobs/module-function.js';
import { DsageError, TaskFailedError } from '#dsage/model/errors.js';
import { fraction } from '#dsage/wire/fraction.js';

import { ClassJobs } from '../support/class-job.js';
import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';
import { UserPackage } from '../support/user-package.js';

const CLASS = `import { DistributedJob, fraction, dsage } from 'dsage';
import type { JobContext } from 'dsage';
import data from './data.json' with { type: 'json' };
import { tiny } from 'tiny';

interface Parameters { readonly add: number }

export class Sum extends DistributedJob<Parameters, number, unknown, number> {
  static readonly module = import.meta.url;
  #made = 0;
  *tasks() { yield 1; }
  async compute(n: number, context: JobContext) {
    this.#made += 1;
    context.log('task', n);
    if (n === 13) {
      throw new Error(\`unlucky \${n}\`);
    }
    if (n === 14) return dsage.connect();
    if (n === 15) {
      context.progress(0.25);
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
    return { sum: tiny(n) + data.base + this.parameters.add, third: fraction(1, 3), made: this.#made, at: context.index };
  }
  collect() {}
  get result() { return 0; }
}
`;
const THROWS_AT = CLASS.split('\n').findIndex((line) => line.includes('unlucky')) + 1;

const FILES = {
  'job.ts': CLASS,
  'data.json': '{ "base": 100 }',
  'functions.ts': [
    `import { tiny } from 'tiny';`,
    `type Pair = [number, number];`,
    `export function add([a, b]: Pair): number {`,
    `  if (b === 0) throw new RangeError('nothing to add');`,
    `  return tiny(a) + b;`,
    `}`,
    `export const answer = 42;`,
  ].join('\n'),
  'node_modules/tiny/package.json': '{ "name": "tiny", "version": "1.0.0", "main": "index.js" }',
  'node_modules/tiny/index.js': `exports.tiny = (n) => n + require('node:path').basename(__filename).length * 0;`,
};

type Add = (pair: [number, number]) => number;

describe('shipping code', () => {
  let cluster: Cluster;
  let d: Dsage;
  let classes: ClassJobs;
  let theirs: UserPackage;
  let Sum: unknown;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 2 });
    d = await cluster.connect();
    classes = new ClassJobs(cluster);
    theirs = new UserPackage(FILES);
    ({ Sum } = await theirs.load('job.ts'));
  });

  after(async () => {
    classes.close();
    await cluster.stop();
    removeTempDirs();
  });

  const failure = async (job: { wait(): Promise<unknown> }): Promise<DsageError> => {
    try {
      await job.wait();
    } catch (error) {
      expect(error).to.be.instanceOf(DsageError);
      return error as DsageError;
    }
    throw new Error('it did not fail');
  };

  /** The modules that the workers have made of bundles. */
  const modules = (): string[] =>
    readdirSync(join(cluster.directory, 'tmp_worker_files'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.mjs'),
    );

  const blobs = (): string[] =>
    readdirSync(join(cluster.directory, 'blobs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /[0-9a-f]{64}$/.test(name),
    );

  it('runs a class of TypeScript with a package and a JSON file that it imports', async () => {
    const job = classes.run(Sum, { add: 1000 }, [1, 2, 3]);
    const answers = (await job.wait()) as { sum: number; at: number }[];
    expect(answers.map(({ sum }) => sum)).to.deep.equal([1101, 1102, 1103]);
    expect(answers.map(({ at }) => at)).to.deep.equal([0, 1, 2]);
    expect(answers[0]).to.have.property('third').deep.equal(fraction(1, 3));
    const written: string[] = [];
    for await (const piece of job.follow()) written.push(piece.text);
    expect(written.join('').split('\n').sort()).to.deep.equal(['', 'task 1', 'task 2', 'task 3']);
  });

  it('makes one instance for the tasks that a child runs', async () => {
    const answers = (await classes.run(Sum, { add: 0 }, [1, 1, 1, 1, 1]).wait()) as { made: number }[];
    expect(Math.max(...answers.map(({ made }) => made))).to.be.greaterThan(1);
  });

  it('names the own file and line of the user in stacks', async () => {
    const error = await failure(classes.run(Sum, { add: 0 }, [13]));
    expect(error).to.be.instanceOf(TaskFailedError);
    const { stack = '', message } = error.cause as Error;
    expect(message).to.equal('unlucky 13');
    expect(stack).to.contain(`${theirs.path('job.ts')}:${THROWS_AT}:`);
    expect(stack).not.to.contain('.mjs').and.not.to.contain('/evaluators/');
  });

  it('says what dsage.connect is for when a task uses it', async () => {
    const { cause } = await failure(classes.run(Sum, { add: 0 }, [14]));
    expect((cause as Error).message)
      .to.contain("dsage.connect of 'dsage' was used")
      .and.to.contain('a file of its own');
  });

  it('shows how far a task is', async () => {
    const job = classes.run(Sum, { add: 0 }, [15]);
    const id = await job.accepted;
    await eventually('the progress is known', async () => (await d.task(id, 0)).progress === 0.25);
    expect((await d.tasks(id).toArray())[0]).to.include({ progress: 0.25, status: 'processing' });
    await job.wait();
    expect((await d.task(id, 0)).progress).to.equal(0);
  });

  it('uploads a bundle once, and fetches it once', async () => {
    await classes.run(Sum, { add: 1 }, [1]).wait();
    const before = [blobs(), modules()];
    await classes.run(Sum, { add: 2 }, [1, 2]).wait();
    expect([blobs(), modules()]).to.deep.equal(before);
  });

  it('does not mix two versions of a class that run at once', async () => {
    const version = (n: number): string => `
      import { DistributedJob } from 'dsage';
      import { number } from './number.js';
      export default class Versioned extends DistributedJob<null, number, number, null> {
        static readonly module = import.meta.url;
        *tasks() {}
        async compute(ms: number) {
          await new Promise((resolve) => setTimeout(resolve, ms));
          return number + ${n} * 0;
        }
        collect() {}
        get result() { return null; }
      }`;
    theirs.write({ 'one/job.ts': version(1), 'one/number.ts': 'export const number: number = 1;' });
    const { default: One } = await theirs.load('one/job.ts');
    const tasks = Array.from({ length: 20 }, () => 30);
    const first = classes.run(One, null, tasks);
    await first.accepted;
    theirs.write({ 'one/job.ts': version(2), 'one/number.ts': 'export const number: number = 2;' });
    const second = classes.run(One, null, tasks);
    expect(new Set(await first.wait())).to.deep.equal(new Set([1]));
    expect(new Set(await second.wait())).to.deep.equal(new Set([2]));
  });

  it('takes 200 kB of code', async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => `export const value${n} = 'some text ${n} of it';`);
    theirs.write({
      'large.ts': lines.join('\n'),
      'uses-large.ts': `import * as all from './large.js'; export const count = (_: number) => Object.keys(all).length;`,
    });
    const count = moduleFunction<(n: number) => number>(theirs.url('uses-large.ts'), 'count');
    expect(await d.map(count, [0]).wait()).to.deep.equal([5000]);
  });

  describe('moduleFunction', () => {
    it('ships a function with what its module imports', async () => {
      const add = moduleFunction<Add>(theirs.url('functions.ts'), 'add');
      const pairs: [number, number][] = [
        [1, 2],
        [3, 4],
      ];
      expect(await d.map(add, pairs).wait()).to.deep.equal([3, 7]);
      expect(await d.evalFunction(add, [[5, 6]]).wait()).to.equal(11);
      expect(await d.sendJob({ function: add, args: [[7, 8]] }).wait()).to.equal(15);
      expect(await add([1, 1])).to.equal(2);
    });

    it('names the line of the user in stacks', async () => {
      const job = d.evalFunction(moduleFunction<Add>(theirs.url('functions.ts'), 'add'), [[1, 0]]);
      const { cause } = await failure(job);
      expect((cause as Error).stack).to.contain(
        `RangeError: nothing to add\n    at add (${theirs.path('functions.ts')}:4:22)`,
      );
    });

    it('refuses what the module does not export, before anything is submitted', async () => {
      const jobs = (await d.jobs().toArray()).length;
      const wrong = moduleFunction<Add>(theirs.url('functions.ts'), 'ad');
      const error = await failure(d.map(wrong, [[1, 2]]));
      expect(error.code).to.equal('not-shippable');
      expect(error.message).to.contain('exports add, answer, and no ad');
      expect((await d.jobs().toArray()).length).to.equal(jobs);
      const value = await failure(
        d.evalFunction(moduleFunction<Add>(theirs.url('functions.ts'), 'answer'), [[1, 2]]),
      );
      expect(value.message).to.contain('answer is no function');
      expect(() => d.map(wrong, [[1, 2]], { scope: { x: 1 } })).to.throw('can have no scope');
    });
  });

  describe('a class of an installed package', () => {
    it('is refused when the package is not here', async () => {
      class Elsewhere extends DistributedJob {
        static readonly module = 'not-installed/job';
        *tasks() {}
        compute() {}
        collect() {}
        get result() {
          return null;
        }
      }
      const error = await failure(classes.run(Elsewhere, null, [1]));
      expect(error.code).to.equal('not-shippable');
      expect(error.message).to.contain('not-installed/job, which is not installed here');
    });
  });
});
