import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import type { AnyJob } from '#dsage/client/runs.js';
import type { JobClass } from '#dsage/jobs/job-class.js';

import { eventually, startCluster } from '../support/cluster.js';
import type { Cluster } from '../support/cluster.js';
import { Random } from '../support/random.js';
import { removeTempDirs } from '../support/temp-dir.js';
import { UserPackage } from '../support/user-package.js';

/** Each answer decides which tasks come next; every run of a task is written down. */
const TREE = `import { appendFileSync } from 'node:fs';
import { DistributedJob } from 'dsage';

export class Tree extends DistributedJob {
  static module = import.meta.url;
  #sum = 0;
  #count = 0;
  *tasks() { for (let n = 1; n <= this.parameters.roots; n += 1) yield n; }
  async compute(n, context) {
    appendFileSync(this.parameters.log, context.index + '\\n');
    await new Promise((resolve) => setTimeout(resolve, this.parameters.ms));
    return (n * 7) % 1000;
  }
  collect(answer, n) {
    this.#sum += answer;
    this.#count += 1;
    if (n < this.parameters.limit && answer % 2 === 0) {
      this.submit(n * 10 + 1);
      this.submit(n * 10 + 2);
    }
  }
  get result() { return { sum: this.#sum, count: this.#count }; }
}
`;
const PROGRAM = `import { dsage } from 'dsage';
import { Tree } from './tree.mjs';

const { server, directory, id, parameters } = JSON.parse(process.argv[2]);
const d = await dsage.connect({ server, directory });
const job = id === undefined ? d.start(new Tree(parameters)) : await d.attach(Tree, id);
job.events.on('collected', () => console.log(JSON.stringify({ id: job.id, done: job.progress.done })));
await job.wait();
await d.close();
`;
const KILLS = 10;
const ROOTS = 120;

type Tree = AnyJob & { readonly result: { readonly sum: number; readonly count: number } };
type TreeClass = JobClass<Tree> & (new (parameters: unknown) => Tree);

describe('a job whose tasks depend on earlier answers survives kill -9', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let d: Dsage;
  let theirs: UserPackage;
  let Tree: TreeClass;

  before(async () => {
    cluster = await startCluster({ workers: 2, slots: 2, serverArgs: ['--lease-ms', '2000'] });
    d = await cluster.connect();
    theirs = new UserPackage({ 'tree.mjs': TREE, 'program.mjs': PROGRAM });
    ({ Tree } = (await theirs.load('tree.mjs')) as unknown as { Tree: TreeClass });
  });

  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  function parametersOf(log: string, ms: number) {
    writeFileSync(theirs.path(log), '');
    return { roots: ROOTS, limit: 2_000, ms, log: theirs.path(log) };
  }

  /** How often each task was computed, by its index. */
  function runsIn(log: string): Map<number, number> {
    const runs = new Map<number, number>();
    for (const line of readFileSync(theirs.path(log), 'utf8').trimEnd().split('\n')) {
      runs.set(Number(line), (runs.get(Number(line)) ?? 0) + 1);
    }
    return runs;
  }

  /** The same, worked out here. */
  function expected(): { sum: number; count: number } {
    const tasks = Array.from({ length: ROOTS }, (_, n) => n + 1);
    let sum = 0;
    for (const n of tasks) {
      const answer = (n * 7) % 1000;
      sum += answer;
      if (n < 2_000 && answer % 2 === 0) tasks.push(n * 10 + 1, n * 10 + 2);
    }
    return { sum, count: tasks.length };
  }

  /** Runs the program until it has heard of so many answers, and kills it. Returns the job's number. */
  async function runUntil(answers: number, given: object): Promise<number> {
    const { address: server, directory } = cluster;
    const child = spawn(
      process.execPath,
      [theirs.path('program.mjs'), JSON.stringify({ server, directory, ...given })],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const gone = once(child, 'exit');
    let id = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as { id: number; done: number };
      ({ id } = said);
      if (said.done >= answers) child.kill('SIGKILL');
    }
    await gone;
    expect(child.signalCode, 'it ended before it was killed').to.equal('SIGKILL');
    return id;
  }

  it('of its coordinating client, ten times: the result is the same, and no task is computed twice', async () => {
    const random = new Random(20_261);
    const parameters = parametersOf('client.log', 15);
    const { count } = expected();
    const moments = Array.from({ length: KILLS }, () => random.int(1, Math.floor(count * 0.7))).sort(
      (a, b) => a - b,
    );
    let id: number | undefined;
    for (const moment of moments) id = await runUntil(moment, id === undefined ? { parameters } : { id });
    const job = await d.attach(Tree, id ?? 0);
    expect(await job.wait({ timeoutMs: 60_000 })).to.deep.equal(expected());
    const runs = runsIn('client.log');
    expect(runs.size).to.equal(count);
    expect(new Set(runs.values())).to.deep.equal(new Set([1]));
    expect(await d.jobInfo(id ?? 0)).to.include({ status: 'completed', taskCount: count });
  });

  it("of its detached coordinator's worker: the result is the same, and no answered task is computed again", async () => {
    const random = new Random(20_262);
    const parameters = parametersOf('detached.log', 10);
    const job = await d.submit(new Tree(parameters));
    const id = job.id ?? 0;
    const killed = new Set<number>();
    for (let kill = 0; kill < 3; kill += 1) {
      const before = job.progress.done;
      const moment = before + random.int(10, 60);
      await eventually('some progress', () => job.progress.done >= moment, 30_000);
      const { worker } = await d.task(id, 0);
      expect(killed.has(worker), 'its coordinator is elsewhere now').to.equal(false);
      killed.add(worker);
      const name = (await d.workers()).find((one) => one.worker === worker)?.name ?? '';
      const running = cluster.workers.find(({ pid }) => name.endsWith(String(pid)));
      expect(running, `the process of ${name}`).to.not.equal(undefined);
      const runs = runsIn('detached.log');
      const answered = (await d.tasks(id, { status: 'completed' }).toArray()).map(({ index }) => index);
      await running?.end('SIGKILL');
      await cluster.startWorker();
      await eventually(
        'another worker has the coordinator',
        async () => {
          const now = await d.task(id, 0);
          return now.status === 'processing' && now.worker !== worker;
        },
        30_000,
      );
      const again = runsIn('detached.log');
      for (const index of answered)
        expect(again.get(index), `runs of task ${String(index)}`).to.equal(runs.get(index));
    }
    expect(await job.wait({ timeoutMs: 60_000 })).to.deep.equal(expected());
    const info = await d.jobInfo(id);
    expect(info).to.include({ status: 'completed', taskCount: expected().count + 1 });
  });

  it('of the server, while it is coordinated from here', async () => {
    const parameters = parametersOf('server.log', 2);
    const job = d.start(new Tree(parameters));
    await eventually('it is half done', () => job.progress.done > 60, 30_000);
    await cluster.killServer();
    await cluster.restartServer();
    expect(await job.wait({ timeoutMs: 60_000 })).to.deep.equal(expected());
    expect(new Set(runsIn('server.log').values())).to.deep.equal(new Set([1]));
  });

  it('cuts off a coordinator that another one has taken over from', async () => {
    const parameters = parametersOf('taken.log', 5);
    const first = d.start(new Tree(parameters));
    await eventually('it has begun', () => first.progress.done > 10, 30_000);
    const other = await cluster.connect();
    const second = await other.attach(Tree, first.id ?? 0);
    const error: unknown = await first.wait({ timeoutMs: 60_000 }).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'taken-over');
    expect(await second.wait({ timeoutMs: 60_000 })).to.deep.equal(expected());
    expect(new Set(runsIn('taken.log').values())).to.deep.equal(new Set([1]));
  });
});
