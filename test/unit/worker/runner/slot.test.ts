import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import { DsageError } from '#dsage/model/errors.js';
import type { SlotOptions } from '#dsage/worker/runner/types.js';

import { codeProgram, failureOf, functionProgram, SlotHarness, task, valueOf } from './harness.js';

describe('a slot', function () {
  this.timeout(20_000);
  let harness: SlotHarness;

  function open(options: Partial<SlotOptions> = {}): SlotHarness {
    harness = new SlotHarness(options);
    void harness.slot.start();
    return harness;
  }

  afterEach(async () => harness.close());

  const waits = functionProgram(async (ms: number) => {
    console.log('started');
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ms;
  });

  async function untilRunning(index: number): Promise<void> {
    await harness.until(
      () => harness.slot.running?.index === index && harness.output.has(`${waits.job}/${index}/1`),
    );
  }

  it('runs 10,000 short tasks in their order, and says when it is free', async () => {
    open();
    await harness.slot.start();
    const program = functionProgram((n: number) => n * n);
    const inputs = Array.from({ length: 10_000 }, (_, n) => task(n, [n]));
    for (let at = 0; at < inputs.length; at += 500) harness.slot.run(program, inputs.slice(at, at + 500));
    expect(harness.slot.running).to.include({ index: 0 });
    expect(harness.slot.queued).to.equal(9_999);
    expect(harness.slot.idle).to.equal(false);
    await harness.until(() => harness.seen.length === 10_000);
    expect(harness.seen.every(({ lease }, n) => lease.index === n)).to.equal(true);
    expect(harness.seen.every((seen, n) => valueOf(seen) === n * n)).to.equal(true);
    expect(harness.slot).to.include({ queued: 0, idle: true, running: undefined });
    expect(harness.freed).to.be.at.least(1);
  });

  it('shows two tasks nothing of each other', async () => {
    open();
    await harness.value(
      codeProgram(`
        leaked = 1; globalThis.other = 2; process.env.SECRET = 'x'; process.chdir('/');
        require('node:fs').writeFileSync('/dev/null', ''); process.exitCode = 4; const local = 5;`),
    );
    const pid = harness.slot.pid;
    const look = codeProgram(
      '[typeof leaked, typeof other, typeof local, process.env.SECRET, process.cwd() === context.directory, process.exitCode]',
    );
    expect(await harness.value(look)).to.deep.equal([
      'undefined',
      'undefined',
      'undefined',
      undefined,
      true,
      undefined,
    ]);
    expect(harness.slot.pid).to.equal(pid);
  });

  it('replaces a child in which a task has left a timer or a handler', async () => {
    open();
    const pidOf = codeProgram('process.pid');
    const first = await harness.value(pidOf);
    await harness.value(codeProgram('setInterval(() => { throw new Error("late") }, 30); 1'));
    const second = await harness.value(pidOf);
    expect(second).not.to.equal(first);
    expect(harness.logs.map(({ message }) => message).join()).to.contain('left Timeout behind');
    await harness.value(codeProgram('process.on("SIGUSR2", () => {}); 1'));
    expect(await harness.value(pidOf)).not.to.equal(second);
  });

  it("does not count what earlier jobs left in memory against a job's limit", async () => {
    open();
    const first = await harness.value(
      codeProgram(
        'require("node:fs").kept = Buffer.alloc(200e6, 1); await new Promise((r) => setTimeout(r, 20)); process.pid',
      ),
    );
    const wait = codeProgram('await new Promise((r) => setTimeout(r, 500)); process.pid', {
      limits: { memoryMb: 150 },
    });
    expect(await harness.value(wait)).not.to.equal(first);
  });

  it('keeps a child whose task has closed what it opened', async () => {
    open();
    const pidOf = codeProgram('process.pid');
    const first = await harness.value(pidOf);
    await harness.value(
      codeProgram(`
        const server = require('node:net').createServer().listen(0, '127.0.0.1');
        await new Promise((resolve) => server.on('listening', resolve));
        server.close(); 1`),
    );
    expect(await harness.value(pidOf)).to.equal(first);
  });

  it("never runs one user's code where another's has run", async () => {
    open();
    const pidOf = (owner: string) => codeProgram('globalThis.who ??= []; process.pid', { owner });
    const [ann, bob, ann2] = [pidOf('ann'), pidOf('bob'), pidOf('ann')];
    harness.slot.run(ann, [task(0), task(1)]);
    harness.slot.run(bob, [task(0)]);
    harness.slot.run(ann2, [task(0)]);
    await harness.until(() => harness.seen.length === 4);
    const [one, same, other, third] = harness.seen.map(valueOf);
    expect(same).to.equal(one);
    expect(new Set([one, other, third]).size).to.equal(3);
    expect(harness.seen.map(({ lease }) => lease.job)).to.deep.equal([ann.job, ann.job, bob.job, ann2.job]);
    expect(harness.slot.owner).to.equal('ann');
  });

  it('takes back what has not started, and nothing else', async () => {
    open();
    harness.slot.run(
      waits,
      [0, 1, 2, 3].map((index) => task(index, [200])),
    );
    await untilRunning(0);
    const leases = [0, 1, 3].map((index) => ({ job: waits.job, index, attempt: 1 }));
    expect(harness.slot.revoke(leases).map(({ index }) => index)).to.deep.equal([1, 3]);
    expect(harness.slot.revoke(leases)).to.deep.equal([]);
    await harness.until(() => harness.freed > 0 && harness.seen.length === 2);
    expect(harness.seen.map(({ lease }) => lease.index)).to.deep.equal([0, 2]);
    // The same lease may come back later.
    harness.slot.run(waits, [task(3, [1])]);
    await harness.until(() => harness.seen.length === 3);
  });

  it('still gives the answer of a task that had started before it was taken back', async () => {
    open();
    // The child is long at the second task when the slot still reads of the first.
    harness.slot.run(functionProgram(spin), [task(0, [0]), task(1, [100])]);
    await harness.slot.start();
    const until = performance.now() + 60;
    while (performance.now() < until);
    const [{ job }] = [harness.slot.running!];
    expect(harness.slot.revoke([{ job, index: 1, attempt: 1 }])).to.have.length(1);
    await harness.until(() => harness.seen.length === 2 && harness.slot.idle);
    expect(harness.seen.map(({ lease }) => lease.index)).to.deep.equal([0, 1]);
  });

  it('kills what waits at once, and what runs by and by', async () => {
    open();
    harness.slot.run(waits, [task(0, [10_000]), task(1, [1]), task(2, [1])]);
    await untilRunning(0);
    harness.slot.kill({ job: waits.job, index: 1, attempt: 1 }, 'not needed');
    expect(harness.seen, 'reported later, not from inside the call').to.have.length(0);
    await harness.until(() => harness.seen.length === 1);
    expect(failureOf(harness.seen[0]!)).to.include({ kind: 'killed', message: 'not needed', wallMs: 0 });
    harness.slot.kill({ job: waits.job, index: 0, attempt: 1 }, 'nor this');
    await harness.until(() => harness.seen.length === 3);
    expect(harness.seen.map(({ lease, end }) => [lease.index, end.outcome])).to.deep.equal([
      [1, 'killed'],
      [0, 'killed'],
      [2, 'completed'],
    ]);
    expect(failureOf(harness.seen[1]!)).to.include({ kind: 'killed', message: 'nor this' });
  });

  it('replaces a child that is killed while it has nothing to do', async () => {
    open();
    await harness.value(codeProgram('1'));
    const { pid } = harness.slot;
    process.kill(pid!, 'SIGKILL');
    await harness.until(() => harness.logs.length > 0);
    expect(await harness.value(codeProgram('process.pid'))).not.to.equal(pid);
  });

  it('stops once, however often it is asked, and lets the running task end in the time it gives', async () => {
    open();
    harness.slot.run(waits, [task(0, [150]), task(1, [1])]);
    await untilRunning(0);
    const [one, two] = await Promise.all([
      harness.slot.stop({ graceMs: 5000 }),
      harness.slot.stop({ graceMs: 9000 }),
    ]);
    expect(one).to.deep.equal([{ job: waits.job, index: 1, attempt: 1 }]);
    expect(two).to.equal(one);
    expect(harness.seen.map(valueOf)).to.deep.equal([150]);
    expect(() => harness.slot.run(waits, [task(0)])).to.throw(DsageError, 'stopped');
  });

  it('cuts the running task off when the time is over, and names it', async () => {
    open();
    harness.slot.run(waits, [task(0, [60_000])]);
    await untilRunning(0);
    const { pid } = harness.slot;
    const stopped = harness.slot.stop({ graceMs: 60_000 });
    void harness.slot.stop({ graceMs: 50 });
    expect(await stopped).to.deep.equal([{ job: waits.job, index: 0, attempt: 1 }]);
    expect(() => process.kill(pid!, 0)).to.throw('ESRCH');
    expect(harness.seen).to.deep.equal([]);
  });

  it('can be stopped before it has started', async () => {
    harness = new SlotHarness();
    expect(await harness.slot.stop()).to.deep.equal([]);
    await harness.slot.start();
  });

  it('gives its children a niceness and an own process group, and nothing of its NODE_OPTIONS', async () => {
    open({
      niceness: 7,
      environment: { PATH: process.env['PATH'], NODE_OPTIONS: '--no-warnings', COLOUR: 'red' },
    });
    await harness.slot.start();
    expect(getPriority(harness.slot.pid)).to.equal(7);
    const group = readFileSync(`/proc/${harness.slot.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[2];
    expect(Number(group)).to.equal(harness.slot.pid);
    expect(await harness.value(codeProgram('[process.env.COLOUR, process.env.NODE_OPTIONS]'))).to.deep.equal([
      'red',
      undefined,
    ]);
  });

  for (const parentDeath of ['pdeathsig', 'watchdog'] as const) {
    it(`ends a spinning child when its own process is killed, by ${parentDeath}`, async function () {
      if (parentDeath === 'pdeathsig' && process.platform !== 'linux') this.skip();
      harness = new SlotHarness();
      const script = new URL('parent.ts', import.meta.url).pathname;
      const parent = spawn(process.execPath, ['--import', 'tsx', script, harness.directory, parentDeath], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      expect(isAlive(pid)).to.equal(true);
      parent.kill('SIGKILL');
      while (isAlive(pid)) await sleep(20);
    });
  }
});

function spin(ms: number): void {
  const until = Date.now() + ms;
  while (Date.now() < until);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}
