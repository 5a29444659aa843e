import { createHash } from 'node:crypto';

import { expect } from 'chai';

import { bundleModule } from '#dsage/code/bundle/bundle.js';
import type { SlotProgram } from '#dsage/worker/runner/types.js';

import { removeTempDirs } from '../../../support/temp-dir.js';
import { UserPackage } from '../../../support/user-package.js';
import { failureOf, program, SlotHarness, task, valueOf } from './harness.js';

const classOf = (body: string, before = ''): string => `
import { DistributedJob } from 'dsage';
${before}
export class Job extends DistributedJob {
  static readonly module = import.meta.url;
  *tasks() {}
  collect() {}
  get result() { return null; }
${body}
}
`;

describe('modules in a slot', function () {
  this.timeout(20_000);
  let harness: SlotHarness;
  let theirs: UserPackage;

  before(() => {
    harness = new SlotHarness();
    theirs = new UserPackage({});
    void harness.slot.start();
  });

  after(async () => {
    await harness.close();
    removeTempDirs();
  });

  const bundleOf = async (text: string): Promise<string> => {
    theirs.write({ 'job.ts': text });
    const { bytes } = await bundleModule(theirs.url('job.ts'), { label: 'The class Job' });
    const name = `${createHash('sha256').update(bytes).digest('hex')}.mjs`;
    theirs.write({ [name]: Buffer.from(bytes).toString() });
    return theirs.path(name);
  };

  const jobOf = async (text: string, parameters: unknown = null): Promise<SlotProgram> =>
    program(
      { type: 'class', home: { kind: 'bundle' }, export: 'Job', name: 'Job', parameters },
      { bundle: await bundleOf(text) },
    );

  const run = async (one: SlotProgram, tasks: readonly unknown[]): Promise<unknown[]> => {
    const before = harness.seen.length;
    harness.slot.run(
      one,
      tasks.map((input, index) => task(index, [input, 0, null])),
    );
    await harness.until(() => harness.seen.length === before + tasks.length);
    return harness.seen.slice(before).map(valueOf);
  };

  it('give a class that is made once for its tasks, with its parameters', async () => {
    const job = await jobOf(
      classOf(`
  #seen = 0;
  compute(n, context) { return [n * this.parameters.by, ++this.#seen, context.index, process.pid]; }`),
      { by: 3 },
    );
    const [[first, , , pid], second, third] = (await run(job, [1, 2, 3])) as number[][] as [
      number[],
      number[],
      number[],
    ];
    expect([first, ...second, ...third]).to.deep.equal([3, 6, 2, 1, pid, 9, 3, 2, pid]);
  });

  it('are loaded once for several jobs, which do not share instances', async () => {
    const text = classOf(
      '  made = 0;\n  compute() { return [loaded, ++this.made]; }',
      'const loaded = Math.random();',
    );
    const [[first, made]] = (await run(await jobOf(text), [0])) as [[number, number]];
    const [[second, alsoMade]] = (await run(await jobOf(text, { other: true }), [0])) as [[number, number]];
    expect([second, made, alsoMade]).to.deep.equal([first, 1, 1]);
  });

  it('keep what they do when they are loaded, and their child', async () => {
    const job = await jobOf(
      classOf(
        '  compute() { return [globalThis.kept, process.env.KEPT, process.pid]; }',
        `globalThis.kept = 'global'; process.env.KEPT = 'variable'; process.on('SIGUSR2', () => {});`,
      ),
    );
    const answers = (await run(job, [0, 0, 0])) as [string, string, number][];
    expect(answers.map(([kept, variable]) => [kept, variable])).to.deep.equal(
      Array.from({ length: 3 }, () => ['global', 'variable']),
    );
    expect(new Set(answers.map(([, , pid]) => pid)).size).to.equal(1);
  });

  it('say where in the file of the user they threw while they were loaded', async () => {
    const job = await jobOf(
      classOf('  compute() {}', "await Promise.resolve();\nthrow new TypeError('not today');"),
    );
    const failure = failureOf(await harness.runOne(job, [0, 0, null]));
    expect(failure).to.include({ kind: 'setup', message: 'TypeError: not today' });
    expect((failure.error as Error).stack).to.contain(`(${theirs.path('job.ts')}:4:7)`);
    // The same for the next task, which does not load it again.
    expect(failureOf(await harness.runOne(job, [1, 0, null])).message).to.equal('TypeError: not today');
  });

  it('fail with advice when they start a cluster while they are loaded', async () => {
    theirs.write({
      'start.ts': "import { dsage } from 'dsage';\nexport const d = await dsage.startAll();\n",
    });
    const job = await jobOf(classOf('  compute() { return d; }', "import { d } from './start.js';"));
    const { message, error } = failureOf(await harness.runOne(job, [0, 0, null]));
    expect(message).to.contain("dsage.startAll of 'dsage' was used on a worker");
    expect((error as Error).stack).to.contain(`${theirs.path('start.ts')}:2:`);
  });

  it('show the frames of the user only', async () => {
    const job = await jobOf(
      classOf(
        '  async compute(n) {\n    await null;\n    return inner(n);\n  }',
        'function inner(n) {\n  return n.missing.more;\n}',
      ),
    );
    await harness.runOne(job, [{}, 0, null]);
    const { error } = failureOf(await harness.runOne(job, [{}, 0, null]));
    const frames = ((error as Error).stack ?? '').split('\n').slice(1);
    expect(frames.map((line) => line.trim().replace(theirs.folder, ''))).to.deep.equal([
      'at inner (/job.ts:4:20)',
      'at Job.compute (/job.ts:13:12)',
    ]);
  });

  it('are refused when the export is no job class, or the input is none of such a class', async () => {
    const file = await bundleOf('export class Job {}');
    const content = { type: 'class', home: { kind: 'bundle' }, export: 'Job', name: 'Job', parameters: null };
    const wrong = failureOf(await harness.runOne(program(content, { bundle: file }), [0, 0, null]));
    expect(wrong).to.deep.include({ kind: 'setup' });
    expect(wrong.message).to.contain('Job is no class that extends DistributedJob');
    const job = await jobOf(classOf('  compute() {}'));
    expect(failureOf(await harness.runOne(job)).message).to.contain('an array that the task comes first in');
  });

  it('give functions, which say how far they are', async () => {
    const bundle = await bundleOf('export default (a, b) => a + b;');
    const add = program({ type: 'module-function', home: { kind: 'bundle' }, export: 'default' }, { bundle });
    expect(await harness.value(add, [1, 2])).to.equal(3);
  });

  it('can be killed while they are loaded', async () => {
    const job = await jobOf(
      classOf('  compute() {}', 'await new Promise((resolve) => setTimeout(resolve, 60_000));'),
    );
    const before = harness.seen.length;
    harness.slot.run(job, [task(0, [0, 0, null])]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    harness.slot.kill({ job: job.job, index: 0, attempt: 1 }, 'enough');
    await harness.until(() => harness.seen.length > before);
    expect(failureOf(harness.seen.at(-1)!)).to.include({ kind: 'killed', message: 'enough' });
  });
});
