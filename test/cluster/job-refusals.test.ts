import { closeSync, openSync, ftruncateSync } from 'node:fs';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { AnyJob } from '#dsage/client/runs.js';
import type { JobClass } from '#dsage/jobs/job-class.js';

import { startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { refused } from '../support/refusal.js';
import { removeTempDirs } from '../support/temp-dir.js';
import { UserPackage } from '../support/user-package.js';

const MODULE = `import { DistributedJob } from 'dsage';
import { readFileSync } from 'node:fs';

class Base extends DistributedJob {
  *tasks() { yield 1; }
  compute(task) { return task; }
  collect() {}
  get result() { return undefined; }
}

export class Homeless extends Base {}
export class Fine extends Base { static module = import.meta.url; }
export class ThrowsAtOnce extends Fine { async *tasks() { throw new RangeError('no tasks today'); } }
export class ThrowsLater extends Fine {
  async *tasks() { yield 1; await null; throw new RangeError('no more tasks'); }
}
export class Unsendable extends Fine { *tasks() { yield { deep: [() => 1] }; } }
export class UnsendableLater extends Fine { *tasks() { yield 1; yield { deep: [() => 1] }; } }
class Hidden extends Base { static module = import.meta.url; }
export const hidden = (parameters) => new Hidden(parameters);
export class Reads extends Fine {
  compute(name, context) { return readFileSync(context.directory + '/' + name).length; }
  *tasks() { yield 'big.bin'; }
  #bytes = 0;
  collect(bytes) { this.#bytes = bytes; }
  get result() { return this.#bytes; }
}
export class Answers extends Fine {
  *tasks() { yield this.parameters; }
  compute(bytes) { return new Uint8Array(bytes).fill(7); }
  #answer;
  collect(answer) { this.#answer = answer; }
  get result() { return this.#answer?.length; }
}
`;
const MB = 1_000_000;

type Made = AnyJob & { readonly result: unknown };
type Maker = new (parameters?: unknown) => Made;

describe('jobs of classes that cannot be run', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let d: Dsage;
  let theirs: UserPackage;
  let classes: Readonly<Record<string, JobClass<Made> & Maker>>;
  let hidden: (parameters?: unknown) => Made;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 1 });
    d = await cluster.connect();
    theirs = new UserPackage({ 'jobs.mjs': MODULE });
    const module = (await theirs.load('jobs.mjs')) as Record<string, unknown>;
    classes = module as typeof classes;
    hidden = module['hidden'] as typeof hidden;
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  const make = (name: string, parameters?: unknown): Made => {
    const Class = classes[name];
    if (Class === undefined) throw new Error(`there is no class ${name}`);
    return new Class(parameters);
  };
  const jobs = async () => (await d.jobs().toArray()).length;
  const nothingWasSubmitted = async () => {
    expect(await jobs()).to.equal(0);
  };

  it('because the class does not say where it is', async () => {
    await refused(() => d.start(make('Homeless')), {
      code: 'not-shippable',
      says: /class Homeless does not say which module it is in/,
      hint: /static readonly module = import\.meta\.url/,
    });
    await nothingWasSubmitted();
  });

  it('because the module does not export the class', async () => {
    await refused(() => d.start(hidden()).wait(), {
      code: 'not-shippable',
      says: /class Hidden cannot be sent to a worker: its module .*jobs\.mjs exports .*no Hidden/,
      hint: /export \{ Hidden \}/,
    });
    await refused(() => d.submit(hidden()), { code: 'not-shippable', says: /no Hidden/, hint: /export/ });
    await nothingWasSubmitted();
  });

  it('because a parameter cannot be sent', async () => {
    const parameters = { points: [{}, { f: () => 1 }] };
    await refused(() => d.start(make('Fine', parameters)), {
      code: 'not-shippable',
      says: /parameters\.points\[1\]\.f is a function/,
      hint: /Pass plain data/,
    });
    await nothingWasSubmitted();
  });

  it('because its first task cannot be sent, or tasks() throws', async () => {
    const unsendable = d.start(make('Unsendable'));
    const error: unknown = await unsendable.wait().catch((thrown: unknown) => thrown);
    expect(error)
      .to.have.property('message')
      .that.matches(/the task\.deep\[0\] is a function/);
    const throws = d.start(make('ThrowsAtOnce'));
    const thrown: unknown = await throws.wait().catch((caught: unknown) => caught);
    expect(thrown)
      .to.have.property('message')
      .that.matches(/tasks\(\) threw RangeError: no tasks today/);
    expect(thrown)
      .to.have.nested.property('cause.stack')
      .that.matches(/jobs\.mjs:13/);
    await nothingWasSubmitted();
  });

  it('because it is no job, no class, or was started', async () => {
    const job = /extends DistributedJob/;
    await refused(() => d.start({} as unknown as Made), {
      code: 'invalid-argument',
      says: job,
      hint: /new YourClass/,
    });
    await refused(() => d.attach(Map as never, 1), {
      code: 'invalid-argument',
      says: job,
      hint: /d\.attach/,
    });
    await refused(() => d.start(make('Fine'), { priority: 9 }), {
      code: 'invalid-argument',
      says: /priority is 9/,
      hint: /from 1 to 5/,
    });
    await nothingWasSubmitted();
  });

  it('because a file or a value is too large: 50 MB of a file and 100 MB of an answer are not', async () => {
    const sparse = openSync(theirs.path('huge.bin'), 'w');
    ftruncateSync(sparse, 1024 ** 3);
    closeSync(sparse);
    await refused(() => d.start(make('Reads'), { files: { 'big.bin': theirs.path('huge.bin') } }), {
      code: 'limit-exceeded',
      says: /file big\.bin has 1,073,741,824 bytes; a file may have 536,870,912/,
      hint: /disk that the workers see/,
    });
    await nothingWasSubmitted();
    const reads = d.start(make('Reads'), { files: { 'big.bin': Buffer.alloc(50 * MB, 1) } });
    expect(await reads.wait({ timeoutMs: 60_000 })).to.equal(50 * MB);
    const answers = d.start(make('Answers', 100 * MB));
    expect(await answers.wait({ timeoutMs: 60_000 })).to.equal(100 * MB);
    const tooMuch = d.start(make('Answers', 600 * MB), { maxAttempts: 1 });
    const error: unknown = await tooMuch.wait({ timeoutMs: 60_000 }).catch((thrown: unknown) => thrown);
    expect(error)
      .to.have.property('message')
      .that.matches(/600,000,\d+ bytes; the limit is 536,870,912/);
  });

  it('any further, when a later task cannot be sent or tasks() throws: the job fails with the reason', async () => {
    const later = d.start(make('UnsendableLater'));
    const error: unknown = await later.wait({ timeoutMs: 20_000 }).catch((thrown: unknown) => thrown);
    expect(error)
      .to.have.property('message')
      .that.matches(/the task\.deep\[0\] is a function/);
    const throws = d.start(make('ThrowsLater'));
    const thrown: unknown = await throws.wait({ timeoutMs: 20_000 }).catch((caught: unknown) => caught);
    expect(thrown)
      .to.have.property('message')
      .that.matches(/tasks\(\) threw RangeError: no more tasks/);
    expect(await d.jobInfo(throws.id ?? 0)).to.include({ status: 'failed' });
    expect((await d.jobInfo(throws.id ?? 0)).reason).to.match(/no more tasks/);
  });

  it('by another class than its own', async () => {
    const job = d.start(make('Fine'));
    await job.wait({ timeoutMs: 20_000 });
    const { Reads } = classes;
    if (Reads === undefined) throw new Error('there is no class Reads');
    await refused(() => d.attach(Reads, job.id ?? 0), {
      code: 'invalid-argument',
      says: /is of the class Fine, not Reads/,
      hint: /class that the job was started with/,
    });
    const code = d('1');
    await code.wait();
    await refused(() => d.attach(Reads, code.id ?? 0), {
      code: 'invalid-argument',
      says: /no job class/,
      hint: /Attach/,
    });
    await refused(() => d.attach(Reads, 4711), { code: 'not-found', says: /no job 4711/, hint: /./ });
  });
});
