import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { EvalOptions } from '#dsage/client/options.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

interface Case {
  readonly name: string;
  readonly code: string;
  readonly options?: EvalOptions;
  /** What the reason of every attempt must say. */
  readonly reason: RegExp;
  /** How its Failure is classed. */
  readonly kind: string;
}

const CASES: readonly Case[] = [
  { name: 'throws', code: 'throw new RangeError("out of luck")', reason: /out of luck/, kind: 'error' },
  {
    name: 'spins past its limit',
    code: 'for (;;);',
    options: { timeoutMs: 300 },
    reason: /longer than its limit of (0\.3 s|300 ms)/,
    kind: 'time-limit',
  },
  {
    name: 'ignores SIGTERM past its limit',
    code: 'process.on("SIGTERM", () => {}); await new Promise((resolve) => setTimeout(resolve, 60_000))',
    options: { timeoutMs: 300 },
    reason: /300 ms/,
    kind: 'time-limit',
  },
  {
    name: 'exhausts its memory',
    code: 'const hoard = []; for (;;) hoard.push(Buffer.alloc(8 << 20, 1))',
    options: { memoryMb: 200 },
    reason: /200 MiB/,
    kind: 'memory-limit',
  },
  { name: 'calls process.exit', code: 'process.exit(3)', reason: /exit code 3|code 3/, kind: 'exit' },
  {
    name: 'is killed by a signal',
    code: 'process.kill(process.pid, "SIGKILL")',
    reason: /SIGKILL/,
    kind: 'signal',
  },
  {
    name: 'returns what cannot be sent',
    code: '({ points: [1, { f: () => 1 }] })',
    reason: /\$\.points\[1\]\.f/,
    kind: 'not-sendable',
  },
  {
    name: 'rejects where nobody waits',
    code: 'void Promise.reject(new Error("left alone")); await new Promise((resolve) => setTimeout(resolve, 1_000))',
    reason: /left alone/,
    kind: 'error',
  },
];

describe('a task that', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ workers: 1, slots: 1 });
    d = await cluster.connect();
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  for (const { name, code, options, reason, kind } of CASES) {
    it(`${name} ends failed with the true reason, and the slot works on`, async () => {
      const job = d(code, { maxAttempts: 2, ...options });
      const error = await job.wait({ timeoutMs: 40_000 }).then(
        (value) => {
          throw new Error(`it returned ${String(value)}`);
        },
        (thrown: unknown) => thrown as Error & { code: string },
      );
      expect(error).to.include({ code: 'task-failed' });
      expect(error.message).to.match(reason);
      expect(job.status).to.equal('failed');
      expect(job.attempts).to.equal(2);
      const { failures } = await d.task(job.id ?? 0, 0);
      expect(failures.map((failure) => failure.kind)).to.deep.equal([kind, kind]);
      for (const failure of failures) {
        expect(failure.message).to.match(reason);
        expect(failure.host).to.not.equal('');
      }
      expect(await d('2 + 2').wait({ timeoutMs: 20_000 })).to.equal(4);
    });
  }

  it('floods its output completes, its output capped with a line that says so', async () => {
    const job = d('for (let i = 0; i < 300_000; i++) console.log("line " + i); "done"');
    expect(await job.wait({ timeoutMs: 40_000 })).to.equal('done');
    expect(job.output).to.match(/^line 0\nline 1\n/);
    expect(job.output.length).to.be.within(1_000_000, 1_100_000);
    expect(job.output).to.match(/\[dsage: output capped at 1,048,576 bytes\]\s*$/);
    expect(await d('2 + 2').wait({ timeoutMs: 20_000 })).to.equal(4);
  });

  it('is killed stops at once, with the reason that was given', async () => {
    const job = d('for (;;);');
    await job.accepted;
    await job.kill('a change of plan');
    const error = await job
      .wait({ timeoutMs: 10_000 })
      .catch((thrown: unknown) => thrown as Error & { code: string });
    expect(error).to.include({ code: 'killed' });
    expect((error as Error).message).to.match(/a change of plan/);
    expect(job.status).to.equal('killed');
    expect(await d('2 + 2').wait({ timeoutMs: 20_000 })).to.equal(4);
  });

  it('fails twice and then succeeds is completed at its third attempt', async () => {
    const file = `${cluster.directory}/tries`;
    const code =
      'require("node:fs").appendFileSync(file, "x"); if (require("node:fs").readFileSync(file, "utf8").length < 3) throw new Error("not yet"); attempt';
    const job = d(code, { vars: { file } });
    expect(await job.wait({ timeoutMs: 20_000 })).to.equal(3);
    const { failures } = await d.task(job.id ?? 0, 0);
    expect(failures.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
  });

  it('fails is the only one that a rerun of failed tasks runs again', async () => {
    const file = `${cluster.directory}/broken`;
    const f = (path: string, n: number) => {
      const fs = process.getBuiltinModule('node:fs');
      fs.appendFileSync(`${path}-ran`, `${String(n)} `);
      if (n === 2 && !fs.existsSync(path)) throw new Error('broken');
      return n * 10;
    };
    const map = d.map(f, Array<string>(4).fill(file), [0, 1, 2, 3], { maxAttempts: 1 });
    await d.blockOnJobs(map);
    expect(map.at(2)?.error?.message).to.match(/broken/);
    const { writeFileSync, readFileSync } = await import('node:fs');
    writeFileSync(file, '');
    await map.rerun({ onlyFailed: true });
    expect(await map.wait({ timeoutMs: 20_000 })).to.deep.equal([0, 10, 20, 30]);
    expect(readFileSync(`${file}-ran`, 'utf8').trim().split(' ').sort()).to.deep.equal([
      '0',
      '1',
      '2',
      '2',
      '3',
    ]);
  });
});
