import { expect } from 'chai';

import { fraction } from '#dsage/wire/fraction.js';

import { ClassJobs } from '../support/class-job.js';
import { startCluster } from '../support/cluster.js';
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
  compute(n: number, context: JobContext) {
    this.#made += 1;
    context.log('task', n);
    if (n === 13) {
      throw new Error(\`unlucky \${n}\`);
    }
    if (n === 14) return dsage.connect();
    return { sum: tiny(n) + data.base + this.parameters.add, third: fraction(1, 3), made: this.#made, at: context.index };
  }
  collect() {}
  get result() { return 0; }
}
`;

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
  ].join('\n'),
  'node_modules/tiny/package.json': '{ "name": "tiny", "version": "1.0.0", "main": "index.js" }',
  'node_modules/tiny/index.js': `exports.tiny = (n) => n + require('node:path').basename(__filename).length * 0;`,
};

describe('shipping code', () => {
  let cluster: Cluster;
  let classes: ClassJobs;
  let theirs: UserPackage;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 1 });
    classes = new ClassJobs(cluster);
    theirs = new UserPackage(FILES);
  });

  after(async () => {
    classes.close();
    await cluster.stop();
    removeTempDirs();
  });

  it('runs a class of TypeScript with a package and a JSON file that it imports', async () => {
    const { Sum } = await theirs.load('job.ts');
    const answers = (await classes.run(Sum, { add: 1000 }, [1, 2, 3]).wait()) as { sum: number }[];
    expect(answers.map(({ sum }) => sum)).to.deep.equal([1101, 1102, 1103]);
    // One instance for all tasks of the job in a child.
    expect(answers).to.have.nested.property('[2].made', 3);
    expect(answers).to.have.nested.property('[2].at', 2);
    expect(answers[0]).to.have.property('third').deep.equal(fraction(1, 3));
  });
});
