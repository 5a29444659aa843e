import type fs from 'node:fs';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { ensureClusterFiles } from '#dsage/security/files.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { Program } from '../support/program.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const WAIT = { timeoutMs: 30_000 };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie waits for its parent, and does nothing any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('worker process', function () {
  this.timeout(90_000);
  let cluster: Cluster | undefined;
  const workers: Program[] = [];

  /** A server, and workers whose lines the test reads. */
  async function begin(options: {
    workers?: number;
    slots?: number;
    serverArgs?: string[];
  }): Promise<{ cluster: Cluster; d: Dsage }> {
    const { workers: count = 0, slots = 1, serverArgs = [] } = options;
    cluster = await startCluster({ workers: 0, serverArgs });
    const { address, directory } = cluster;
    for (let index = 0; index < count; index += 1) launch({ address, directory, slots });
    await Promise.all(workers.map((worker) => worker.line('registered')));
    return { cluster, d: await cluster.connect() };
  }

  function launch(where: { address: string; directory: string; slots?: number }): Program {
    const { address, directory, slots = 1 } = where;
    const args = ['--directory', directory, '--server', address, '--slots', String(slots)];
    const worker = new Program('dsage-worker', args);
    workers.push(worker);
    return worker;
  }

  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await cluster?.stop();
    cluster = undefined;
  });
  after(removeTempDirs);

  /** Lines that tasks wrote to a file of the cluster's. */
  function notes(file: string): string[] {
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
  }

  const note = (file: string, text: string): void => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- it runs in a task, where require is in scope
    (require('node:fs') as typeof fs).appendFileSync(file, `${text}\n`);
  };

  it('runs code with output, files and large values, and ends cleanly on SIGTERM', async () => {
    const { cluster, d } = await begin({ workers: 1, slots: 2 });
    expect(await d('2+2').wait(WAIT)).to.equal(4);
    const talk = d('console.log("hello"); 5');
    expect(await talk.wait(WAIT)).to.equal(5);
    const read = d('require("node:fs").readFileSync("in/data.txt", "utf8")', {
      files: { 'in/data.txt': Buffer.from('abc') },
    });
    expect(await read.wait(WAIT)).to.equal('abc');
    const big = 'x'.repeat(3_000_000);
    expect(await d.evalFunction((text: string) => text + text, [big]).wait(WAIT)).to.equal(big + big);
    await workers[0]?.stop();
    expect(await workers[0]?.exited).to.equal(0);
    expect(readdirSync(join(cluster.directory, 'tmp_worker_files'))).to.deep.equal([]);
  });

  it('computes on while the server is down, and runs nothing twice', async () => {
    const { cluster, d } = await begin({ workers: 2, slots: 1 });
    const file = join(cluster.directory, 'notes');
    const job = d.map(
      async (index: number) => {
        note(file, `begin ${String(index)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        note(file, `end ${String(index)}`);
        return index * 2;
      },
      Array.from({ length: 60 }, (_, index) => index),
      { scope: { note, file } },
    );
    const begun = (): string[] => notes(file).filter((line) => line.startsWith('begin'));
    await eventually('a task runs', () => notes(file).length % 2 === 1 && begun().length > 5);
    await cluster.killServer();
    await eventually(
      'all that was leased ends, with no server there',
      () => notes(file).length === begun().length * 2,
    );
    await cluster.restartServer();
    await job.wait(WAIT);
    expect(job.result).to.deep.equal(Array.from({ length: 60 }, (_, index) => index * 2));
    expect(begun()).to.have.length(60);
    expect(new Set(begun()).size).to.equal(60);
  });

  it('drains on SIGTERM: finishes what runs, gives back what waits, and leaves the rest to others', async () => {
    const { cluster, d } = await begin({ workers: 1, slots: 1 });
    const file = join(cluster.directory, 'notes');
    const job = d.map(
      async (index: number) => {
        note(file, String(index));
        await new Promise((resolve) => setTimeout(resolve, 700));
        return index;
      },
      [0, 1, 2],
      { scope: { note, file } },
    );
    await eventually('the first task runs', () => notes(file).length === 1);
    const [first] = workers;
    first?.child.kill('SIGTERM');
    expect(await first?.exited).to.equal(0);
    expect(notes(file)).to.deep.equal(['0']);
    await launch(cluster).line('registered');
    await job.wait(WAIT);
    expect(notes(file)).to.have.members(['0', '1', '2']);
  });

  it('stops at once at a second signal, and takes its children with it', async () => {
    const { cluster, d } = await begin({ workers: 1, slots: 1, serverArgs: ['--lease-ms', '1000'] });
    const file = join(cluster.directory, 'notes');
    d.evalFunction(
      async () => {
        note(file, String(process.pid));
        await new Promise((resolve) => setTimeout(resolve, 600_000));
      },
      [],
      { scope: { note, file } },
    );
    await eventually('the task runs', () => notes(file).length === 1);
    const [worker] = workers;
    worker?.child.kill('SIGINT');
    await worker?.line('draining');
    worker?.child.kill('SIGINT');
    expect(await worker?.exited).to.equal(1);
    await eventually('the child is gone', () => !isAlive(Number(notes(file)[0])));
  });

  it('leaves no child and loses no task when it is killed, and when its parent ends', async () => {
    const { cluster, d } = await begin({ workers: 1, slots: 1, serverArgs: ['--lease-ms', '1000'] });
    const file = join(cluster.directory, 'notes');
    const gate = join(cluster.directory, 'gate');
    const job = d.evalFunction(
      async () => {
        note(file, String(process.pid));
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- as above
        const { existsSync } = require('node:fs') as typeof fs;
        while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 20));
        return 'done';
      },
      [],
      { scope: { note, file, gate } },
    );
    await eventually('the task runs', () => notes(file).length === 1);
    await workers[0]?.kill('SIGKILL');
    await eventually('the child is gone', () => !isAlive(Number(notes(file)[0])));
    const second = launch(cluster);
    await eventually('the task runs again', () => notes(file).length === 2);
    second.child.stdin?.end();
    expect(await second.exited).to.equal(1);
    await eventually('the second child is gone', () => !isAlive(Number(notes(file)[1])));
    writeFileSync(gate, '');
    const third = launch(cluster);
    expect(await job.wait(WAIT)).to.equal('done');
    await third.stop();
    expect(readdirSync(join(cluster.directory, 'tmp_worker_files'))).to.deep.equal([]);
  });

  it('hoards no long tasks after many short ones', async () => {
    const { d } = await begin({ workers: 2, slots: 1 });
    const numbers = Array.from({ length: 3000 }, (_, index) => index);
    await d.map((index: number) => index, numbers).wait(WAIT);
    // Whichever worker gets them: it asked for hundreds of leases, and cannot start more than one.
    const job = d.map(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return process.ppid;
    }, [0, 1, 2, 3]);
    await job.wait(WAIT);
    expect(new Set(job.result).size).to.equal(2);
  });

  it('kills a task that runs', async () => {
    const { cluster, d } = await begin({ workers: 1, slots: 1 });
    const file = join(cluster.directory, 'notes');
    const job = d.evalFunction(
      () => {
        note(file, String(process.pid));
        for (;;);
      },
      [],
      { scope: { note, file } },
    );
    await eventually('the task runs', () => notes(file).length === 1);
    await job.kill('enough');
    await eventually('its process is gone', () => !isAlive(Number(notes(file)[0])));
    expect(await d('1+1').wait(WAIT)).to.equal(2);
  });

  it('keeps trying while there is no server, and works when there is one', async () => {
    const { cluster } = await begin({});
    await cluster.killServer();
    const worker = launch(cluster);
    const failed = await worker.line('disconnected');
    expect(failed['code']).to.equal('unavailable');
    expect(failed['message']).to.contain(cluster.address);
    await cluster.restartServer();
    expect(await worker.line('registered')).to.include({ slots: 1, again: false });
  });

  it('refuses to run against another cluster, and says so', async () => {
    const { cluster } = await begin({});
    const other = makeTempDir();
    await ensureClusterFiles(other, { user: 'tester' });
    const worker = new Program('dsage-worker', [
      '--directory',
      other,
      '--server',
      cluster.address,
      '--slots',
      '1',
    ]);
    expect((await worker.line('refused'))['code']).to.equal('wrong-cluster');
    expect(await worker.exited).to.equal(2);
  });

  const wrongUses: [string[], RegExp][] = [
    [['--server', 'lab1:0'], /"lab1:0" is not the address/],
    [['--slots', 'many'], /whole number/],
    [['--slots', '0'], /slots is 0/],
    [['--nice', '21'], /nice is 21/],
    [['--resources', 'gpu='], /gpu=1/],
    [['--nonsense'], /unknown option/],
  ];
  for (const [args, message] of wrongUses) {
    it(`ends with 2 when it is used wrongly: ${args.join(' ')}`, async () => {
      const directory = makeTempDir();
      const worker = new Program('dsage-worker', ['--directory', directory, ...args]);
      expect(await worker.exited).to.equal(2);
      const said = worker.stderr + worker.lines.map((line) => String(line['message'])).join('\n');
      expect(said).to.match(message);
    });
  }

  it('says which file is missing in a directory without keys', async () => {
    const worker = new Program('dsage-worker', ['--directory', makeTempDir()]);
    expect(await worker.exited).to.equal(1);
    expect(worker.lines.at(-1)).to.include({ event: 'failed', code: 'setup' });
  });

  it('gives the end of its log', async () => {
    const { d } = await begin({ workers: 2, slots: 1 });
    const lines = await d.workerLog(10);
    expect(lines.join('\n')).to.contain('registered');
    const pids = new Set(lines.map((line) => (JSON.parse(line) as { pid: number }).pid));
    expect(pids.size).to.equal(1);
    expect(workers.map(({ pid }) => pid)).to.include([...pids][0]);
  });
});
