import { once } from 'node:events';
import { readdirSync } from 'node:fs';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { nextPrime } from '#dsage/code/prelude/numbers.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';

import { finished, runDsage, spawnDsage } from '../support/cli.js';
import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';
import { hasTerminals, Terminal } from '../support/terminal.js';

const LOCAL = '10^41+1 = 11 * 2670502781396266997 * 3404193829806058997303\n';
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

  describe('by the sieve', () => {
    const n = (10n ** 30n + 57n) * (10n ** 31n + 33n);
    const factors = [
      [10n ** 30n + 57n, 1],
      [10n ** 31n + 33n, 1],
    ];

    it('loses nothing by kill -9 of workers, at any stage', async () => {
      const job = d.start(new DistributedFactor(n));
      const killed: string[] = [];
      const restarts: Promise<unknown>[] = [];
      job.events.on('collected', () => {
        for (const stage of ['sieving', 'linear algebra', 'square root']) {
          if (!job.stage.startsWith(stage) || killed.includes(stage) || job.progress.done < 8) continue;
          killed.push(stage);
          // Whichever of them has the task.
          const victims = cluster.workers.splice(0);
          restarts.push(
            Promise.all(victims.map((worker) => worker.end('SIGKILL'))).then(() =>
              Promise.all([cluster.startWorker(), cluster.startWorker()]),
            ),
          );
        }
      });
      expect(await job.wait({ timeoutMs: 85_000 })).to.deep.equal(factors);
      await Promise.all(restarts);
      expect(killed).to.deep.equal(['sieving', 'linear algebra', 'square root']);
      expect(job).to.include({ status: 'completed', wrongAnswers: 0 });
    });

    it('goes on after kill -9 of its coordinator', async () => {
      // Some seconds of sieving: it must not end before it is killed.
      const [p, q] = [nextPrime(3n * 10n ** 32n), nextPrime(10n ** 34n)];
      const program = spawnDsage(['factor', String(p * q)], { directory: cluster.directory });
      const name = `factor ${p * q}`.slice(0, 60);
      let id = 0;
      const hasSieved = async () => {
        const running = await d.jobs({ status: ['processing'] }).toArray(5);
        const job = running.find((one) => one.name === name);
        id = job?.id ?? 0;
        return (job?.counts.completed ?? 0) > 15;
      };
      await eventually('it has sieved', hasSieved, 60_000);
      program.kill('SIGKILL');
      await once(program, 'exit');
      const job = await d.attach(DistributedFactor, id);
      expect(await job.wait({ timeoutMs: 60_000 })).to.deep.equal([
        [p, 1],
        [q, 1],
      ]);
      expect(job).to.include({ wrongAnswers: 0, status: 'completed' });
    });
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
      const { stdout, code } = await run(
        '3 * (10^30+57) * (10^31+33)',
        '--json',
        '--max-b1',
        '200',
        '--max-sieve-digits',
        '0',
      );
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
      expect((await run('15', '--max-sieve-digits', '200')).stderr).to.contain('Give 110 at most.');
      for (const bad of ['abc', '-', '', '2^', '10^99999'])
        expect((await run('--', bad)).code, bad).to.equal(2);
    });

    it('needs no server with --local', async () => {
      const nowhere = makeTempDir();
      const local = await runDsage(['factor', '10^41+1', '--local', '--workers', '2'], {
        directory: nowhere,
      });
      expect(local).to.deep.equal({ code: 0, stdout: LOCAL, stderr: '' });
      expect(readdirSync(nowhere)).to.deep.equal([]);
    });

    it('starts workers of its own with --workers, and a server where there is none', async () => {
      const directory = makeTempDir();
      const started = await runDsage(['factor', '10^41+1', '--workers', '1'], { directory });
      expect(started).to.deep.include({ code: 0, stdout: LOCAL });
      expect((await runDsage(['status'], { directory })).code).to.not.equal(0);
      const elsewhere = await run('15', '--workers', '1', '--server', cluster.address);
      expect(elsewhere).to.deep.include({ code: 2 });
      expect(elsewhere.stderr).to.contain('the server is elsewhere');
    });

    it('says where to look closer when the job is lost', async () => {
      const [p, q] = [nextPrime(3n * 10n ** 32n), nextPrime(10n ** 34n)];
      const child = spawnDsage(['factor', String(p * q)], { directory: cluster.directory });
      const end = finished(child);
      const name = `factor ${p * q}`.slice(0, 60);
      const find = async () => (await d.jobs({ name, status: ['processing'] }).toArray(1))[0];
      await eventually('it runs', async () => (await find()) !== undefined, 30_000);
      const id = (await find())?.id ?? 0;
      await d.kill(id, 'enough');
      const { code, stderr } = await end;
      expect(code).to.equal(1);
      expect(stderr)
        .to.match(/was killed: enough/)
        .and.include(`Look closer: dsage job ${id} --tasks`);
    });

    it('shows stages and factors as they come on a terminal, and what it has after Ctrl-C', async function () {
      if (!hasTerminals) this.skip();
      const terminal = new Terminal(
        ['factor', '1000003 * (10^44+31) * (10^45+9)', '--local', '--workers', '2'],
        {
          directory: makeTempDir(),
        },
      );
      await terminal.shows(/found 1000003 \(7 digits\)\n/);
      await terminal.shows(/ {2}ECM B1=[\d,]+: \d+\/\d+ curves on a 90-digit number/);
      terminal.type('\u0003');
      await terminal.shows(/So far: .* = 1000003 \* \(1000/);
      expect(await terminal.end()).to.equal(130);
      const sieving = new Terminal(['factor', '(10^30+57) * (10^31+33)', '--local'], {
        directory: makeTempDir(),
      });
      await sieving.shows(
        / {2}sieving \d+ %: [\d,]+ \+ [\d,]+ of [\d,]+ relations for a 62-digit number, .* left/,
      );
      await sieving.shows(/10\^31\+33\) = 1000000000000000000000000000057 \* 1/);
      expect(await sieving.end()).to.equal(0);
    });

    it('says what it found and what is left of a number of 2,000 digits', async () => {
      const limited = await run('7 * 10007 * (10^1000+453) * (10^1000+1357)', '--max-curves', '0');
      expect(limited.code).to.equal(0);
      expect(limited.stdout).to.match(/ = 7 \* 10007 \* \(1000+\d+\)\n$/);
      expect(limited.stderr).to.contain('what is in parentheses is composite');
    });

    it('ends with 124 when it takes too long, and stops the job', async () => {
      const late = await run('4 * (10^44+31) * (10^45+9)', '--timeout', '1500ms');
      expect(late.code).to.equal(124);
      expect(late.stderr).to.match(/So far: .* = 2\^2 \* \(1000/);
      expect(late.stderr).to.contain('It was stopped.').and.not.contain('goes on');
      const [job] = await d.jobs({}).toArray(1);
      expect(job).to.include({ status: 'killed' });
      const asJson = await run('4 * (10^44+31) * (10^45+9)', '--timeout', '500ms', '--json');
      expect(asJson.code).to.equal(124);
      expect(JSON.parse(asJson.stdout)).to.deep.include({ primeFactors: [['2', 2]] });
      expect(JSON.parse(asJson.stdout)).to.have.nested.property('error.code', 'timeout');
    });
  });
});
