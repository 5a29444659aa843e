import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';

import { runDsage } from '../support/cli.js';
import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

const F8 = [
  [1238926361552897n, 1],
  [93461639715357977769163558199606896584051237541638188580280321n, 1],
];

describe('DistributedFactor on a cluster', function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ workers: 2, slots: 1, serverArgs: ['--lease-ms', '2000'] });
    d = await cluster.connect();
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('does what the design says, word for word', async () => {
    // prettier-ignore
    {
      const factorJob = d.start(new DistributedFactor(2n ** 256n + 1n));
      factorJob.done; factorJob.primeFactors; // live while it runs
      expect(await factorJob.wait()).to.deep.equal([[1238926361552897n, 1], [93461639715357977769163558199606896584051237541638188580280321n, 1]]);
    }
  });

  it('runs wholly on the cluster, and is looked at again from here', async () => {
    const job = await d.submit(new DistributedFactor('2^256+1'));
    expect(await job.wait({ timeoutMs: 60_000 })).to.deep.equal(F8);
    const again = await d.attach(DistributedFactor, job.id ?? 0);
    expect(await again.wait({ timeoutMs: 20_000 })).to.deep.equal(F8);
    const trivial = d.start(new DistributedFactor(-360));
    expect(String(await trivial.wait().then(() => trivial))).to.equal('-1 * 2^3 * 3^2 * 5');
    const seen = await d.attach(DistributedFactor, trivial.id ?? 0);
    expect(await seen.wait({ timeoutMs: 20_000 })).to.deep.equal(trivial.result);
  });

  it('loses nothing by kill -9 of a worker', async () => {
    const n = (10n ** 18n + 9n) * (10n ** 30n + 57n) * (10n ** 31n + 33n);
    const job = d.start(new DistributedFactor(n, { maxB1: 11_000 }));
    await eventually('it is under way', () => job.progress.done >= 3, 30_000);
    await cluster.workers[0]?.end('SIGKILL');
    expect(job.done, 'it ended before the worker was killed').to.equal(false);
    await cluster.startWorker();
    await job.wait({ timeoutMs: 80_000 });
    const product = [...job.primeFactors, ...job.compositeFactors].reduce(
      (n, [base, e]) => n * base ** BigInt(e),
      1n,
    );
    expect(product).to.equal(job.parameters.n);
    expect(job.status).to.equal('completed');
    expect(job.wrongAnswers).to.equal(0);
  });

  describe('dsage factor', () => {
    const run = (...args: string[]) => runDsage(['factor', ...args], { directory: cluster.directory });

    it('prints the factors', async () => {
      const [[p] = [], [q] = []] = F8;
      expect(await run('2^256+1')).to.deep.equal({ code: 0, stdout: `2^256+1 = ${p} * ${q}\n`, stderr: '' });
      expect((await run('--', '-12')).stdout).to.equal('-12 = -1 * 2^2 * 3\n');
      expect((await run('1')).stdout).to.equal('1 = 1\n');
    });

    it('prints one JSON document with --json', async () => {
      const { stdout, code } = await run('3 * (10^30+57) * (10^31+33)', '--json', '--max-b1', '200');
      expect(code).to.equal(0);
      const { primeFactors, compositeFactors } = JSON.parse(stdout) as Record<string, unknown>;
      expect(primeFactors).to.deep.equal([['3', 1]]);
      expect(compositeFactors).to.deep.equal([[String((10n ** 30n + 57n) * (10n ** 31n + 33n)), 1]]);
    });

    it('says what is wrong, with the code of it', async () => {
      const wrong = await run('1/2');
      expect(wrong.code).to.equal(2);
      expect(wrong.stderr).to.match(/“\/” stands where an operator is expected, at position 2/);
      expect((await run('0')).code).to.equal(2);
      expect((await run('15', '--max-b1', '3')).code).to.equal(2);
    });

    it('ends with 124 when it takes too long, and stops the job', async () => {
      const late = await run('4 * (10^30+57) * (10^31+33)', '--timeout', '1500ms');
      expect(late.code).to.equal(124);
      expect(late.stderr).to.match(/So far: .* = 2\^2 \* \(1000/);
      const [job] = await d.jobs({}).toArray(1);
      expect(job).to.include({ status: 'killed' });
      const asJson = await run('4 * (10^30+57) * (10^31+33)', '--timeout', '500ms', '--json');
      expect(asJson.code).to.equal(124);
      expect(JSON.parse(asJson.stdout)).to.deep.include({ primeFactors: [['2', 2]] });
      expect(JSON.parse(asJson.stdout)).to.have.nested.property('error.code', 'timeout');
    });
  });
});
