import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

const TASKS = 5_000;
const INDEXES = Array.from({ length: TASKS }, (_, index) => index);

/** Runs in a child: notes that it ran, and in which process, then computes for about a millisecond. */
function noted(file: string, index: number): number {
  const fs = process.getBuiltinModule('node:fs');
  fs.appendFileSync(file, `${String(index)} ${String(process.pid)}\n`);
  const until = performance.now() + 1;
  while (performance.now() < until);
  return index * 3;
}

describe('5,000 tasks and kill -9', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let d: Dsage;
  let file: string;

  beforeEach(async () => {
    cluster = await startCluster({ workers: 2, slots: 2, serverArgs: ['--lease-ms', '3000'] });
    d = await cluster.connect();
    file = join(cluster.directory, 'ran');
  });
  afterEach(() => cluster.stop());
  after(removeTempDirs);

  /** How often each task was started. */
  function runs(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const [index] of notes()) counts.set(index, (counts.get(index) ?? 0) + 1);
    return counts;
  }

  function notes(): [number, number][] {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    // The last line may be in the middle of being written.
    return lines.slice(0, -1).map((line) => line.split(' ').map(Number) as [number, number]);
  }

  function begin() {
    return d.map(noted, Array<string>(TASKS).fill(file), INDEXES, { maxAttempts: 3 });
  }

  async function expectAllDone(map: ReturnType<typeof begin>): Promise<void> {
    const results = await map.wait({ timeoutMs: 90_000 });
    expect(results).to.deep.equal(INDEXES.map((index) => index * 3));
    const [job] = await d.jobs().toArray(10);
    expect(job).to.include({ status: 'completed' });
    expect(job?.counts).to.deep.equal({ waiting: 0, processing: 0, completed: TASKS, failed: 0, killed: 0 });
    expect(new Set(notes().map(([index]) => index)).size).to.equal(TASKS);
  }

  it('of the server, twice: all complete, once each, and what ran meanwhile is not run again', async () => {
    const map = begin();
    for (const share of [0.2, 0.5]) {
      await eventually('some tasks ran', () => notes().length > TASKS * share, 60_000);
      await cluster.killServer('SIGKILL');
      await cluster.restartServer();
    }
    await expectAllDone(map);
    const repeated = [...runs()].filter(([, count]) => count > 1);
    expect(repeated).to.deep.equal([]);
  });

  it('of the server while long tasks run: they end meanwhile, and their answers are taken', async () => {
    const long = (path: string, index: number) => {
      const fs = process.getBuiltinModule('node:fs');
      fs.appendFileSync(path, `${String(index)} ${String(process.pid)}\n`);
      return new Promise<number>((resolve) => {
        setTimeout(() => {
          fs.appendFileSync(`${path}-ended`, `${String(index)}\n`);
          resolve(index);
        }, 700);
      });
    };
    const map = d.map(long, Array<string>(4).fill(file), [0, 1, 2, 3]);
    await eventually('all four run', () => notes().length === 4);
    await cluster.killServer('SIGKILL');
    const ended = () => (existsSync(`${file}-ended`) ? readFileSync(`${file}-ended`, 'utf8').length : 0);
    await eventually('all four end while no server is there', () => ended() === 8);
    await cluster.restartServer();
    expect(await map.wait({ timeoutMs: 30_000 })).to.deep.equal([0, 1, 2, 3]);
    expect([...runs().values()]).to.deep.equal([1, 1, 1, 1]);
    expect([...map].map(({ attempts }) => attempts)).to.deep.equal([1, 1, 1, 1]);
  });

  it('of a worker: what it held is run by the others, and answered once', async () => {
    const map = begin();
    await eventually('some tasks ran', () => notes().length > TASKS * 0.2, 60_000);
    await cluster.workers[0]?.end('SIGKILL');
    await expectAllDone(map);
    // At most what the dead worker had running was lost halfway.
    const repeated = [...runs().values()].filter((count) => count > 1);
    expect(repeated.length).to.be.at.most(300);
  });

  it('of a child, again and again: its task is tried once more, and the slot works on', async () => {
    const map = begin();
    for (let round = 1; round <= 5; round += 1) {
      await eventually('more tasks ran', () => notes().length > (TASKS * round) / 8, 60_000);
      const pid = notes().at(-1)?.[1] ?? 0;
      expect(pid).to.be.greaterThan(0);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has been recycled meanwhile: another one dies in the next round.
      }
    }
    await expectAllDone(map);
    const failed = await d.workers();
    expect(failed.reduce((sum, worker) => sum + worker.failed, 0)).to.be.within(1, 5);
  });
});
