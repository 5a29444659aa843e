import { expect } from 'chai';

import { ClassJob } from '#dsage/client/class-job.js';
import type { Dsage } from '#dsage/client/connect.js';
import type { AnyJob } from '#dsage/client/runs.js';
import type { JobClass } from '#dsage/jobs/job-class.js';
import { KilledError, TaskFailedError } from '#dsage/model/errors.js';

import { runDsage } from '../support/cli.js';
import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';
import { UserPackage } from '../support/user-package.js';

const SUMS = `import { DistributedJob } from 'dsage';

export class Sums extends DistributedJob<any, number, number, any> {
  static readonly module = import.meta.url;
  #sum = 0n;
  *tasks() { for (let n = 1; n <= this.parameters.count; n += 1) yield n; }
  async compute(n: number) {
    await new Promise((done) => setTimeout(done, this.parameters.ms ?? 0));
    return n;
  }
  collect(n: number) {
    if (n === this.parameters.bad) throw new RangeError(\`\${n} is bad\`);
    this.#sum += BigInt(n);
  }
  get result() {
    if (this.parameters.silent === true) return undefined;
    return this.parameters.large === true ? { sum: this.#sum, text: 'x'.repeat(400_000) } : this.#sum;
  }
}
`;

type AnyClass = JobClass & (new (parameters: unknown) => AnyJob & { result: unknown });
const SOON = { timeoutMs: 30_000 };

describe('handles of class jobs', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;
  let Sums: AnyClass;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 2 });
    d = await cluster.connect();
    ({ Sums } = (await new UserPackage({ 'sums.ts': SUMS }).load('sums.ts')) as { Sums: AnyClass });
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  const print = async (...args: string[]) => {
    const { code, stdout, stderr } = await runDsage(args, { directory: cluster.directory });
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const handleOf = async (id: number | undefined) => {
    const handle = await d.job(id ?? 0);
    expect(handle).to.be.instanceOf(ClassJob);
    return handle as ClassJob;
  };

  it('have the result that the coordinator said, also a large one and none', async () => {
    const parameters = [{ count: 10 }, { count: 4, large: true }, { count: 2, silent: true }];
    const jobs = parameters.map((each) => d.start(new Sums(each)));
    await Promise.all(jobs.map((job) => job.wait(SOON)));
    const [plain, large, none] = await Promise.all(jobs.map(({ id }) => handleOf(id)));
    expect(plain).to.include({ result: 55n, status: 'completed', error: undefined, isDetached: false });
    expect(plain?.progress).to.deep.equal({ total: 10, completed: 10, failed: 0, killed: 0, done: 10 });
    expect(await plain?.wait(SOON)).to.equal(55n);
    expect(plain?.wallTime).to.be.greaterThan(0);
    expect(large?.result).to.deep.equal({ sum: 10n, text: 'x'.repeat(400_000) });
    expect([none?.status, none?.result]).to.deep.equal(['completed', undefined]);
    const listed = (await d.getMyJobs({ kind: 'class' })).find(({ id }) => id === plain?.id);
    expect(await listed?.wait(SOON)).to.equal(55n);
  });

  it('hear of the end beside the coordinator, and say why a job failed or was killed', async () => {
    const good = d.start(new Sums({ count: 20, ms: 50 }));
    const bad = d.start(new Sums({ count: 5, bad: 3 }));
    const slow = d.start(new Sums({ count: 5, ms: 600_000 }));
    await eventually('they have numbers', () => [good, bad, slow].every(({ id }) => id !== undefined));
    const [one, two, three] = await Promise.all([good, bad, slow].map(({ id }) => handleOf(id)));
    await three?.kill('enough');
    expect(await one?.wait(SOON)).to.equal(210n);
    await Promise.all([two?.settled(SOON), three?.settled(SOON)]);
    expect(two?.error).to.be.instanceOf(TaskFailedError);
    expect(two?.error?.message).to.match(/collect\(\) threw RangeError: 3 is bad/);
    expect(three?.error).to.be.instanceOf(KilledError);
    await good.wait(SOON);
    // The server's log names such a job by its class.
    const lines = (await d.serverLog(500)).map((line) => JSON.parse(line) as Record<string, unknown>);
    const line = lines.find(({ message, job }) => message === 'a job failed' && job === bad.id);
    expect(line).to.include({ name: 'Sums' });
    expect(line?.['why']).to.match(/RangeError: 3 is bad/);
  });

  it('are waited for and shown by the commands, detached ones too', async () => {
    const job = await d.submit(new Sums({ count: 6 }), { name: 'six' });
    const id = String(job.id);
    expect(await print('wait', id)).to.equal('21n\n');
    const text = await print('job', id);
    expect(text)
      .to.match(/^job +\d+, six\n/)
      .and.match(/class +Sums\n/)
      .and.match(/kind +class, detached\n/)
      .and.match(/result +21n\n/);
    expect(JSON.parse(await print('job', id, '--json'))).to.deep.include({ result: '21', detached: true });
    expect((await handleOf(job.id)).isDetached).to.equal(true);
  });
});
