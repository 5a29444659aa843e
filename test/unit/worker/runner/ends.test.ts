import { readFileSync, rmSync } from 'node:fs';

import { expect } from 'chai';

import type { Failure } from '#dsage/model/task.js';
import type { SlotOptions } from '#dsage/worker/runner/types.js';

import { codeProgram, failureOf, functionProgram, program, SlotHarness, task, valueOf } from './harness.js';

describe('how tasks end in a slot', function () {
  this.timeout(20_000);
  let harness: SlotHarness;

  function open(options: Partial<SlotOptions> = {}): SlotHarness {
    harness = new SlotHarness(options);
    void harness.slot.start();
    return harness;
  }

  async function failing(...args: Parameters<typeof codeProgram>): Promise<Failure> {
    return failureOf(await harness.runOne(codeProgram(...args)));
  }

  /** The slot goes on after whatever happened. */
  async function goesOn(): Promise<void> {
    expect(await harness.value(codeProgram('20 + 3'))).to.equal(23);
  }

  afterEach(async () => harness.close());

  it('completes with the value, and says what it cost', async () => {
    const { answer, end } = await open().runOne(
      codeProgram('let t = Date.now(); while (Date.now() < t + 30); 2n ** 70n'),
    );
    expect(end.outcome).to.equal('completed');
    expect(answer.wallUs).to.be.within(29_000, 5_000_000);
    expect(answer.cpuUs).to.be.within(10_000, answer.wallUs * 2);
    expect(answer.peakMemoryKb).to.be.within(10_000, 500_000);
    expect(answer.startedAtMs).to.be.closeTo(Date.now(), 10_000);
    expect(valueOf(harness.seen[0]!)).to.equal(2n ** 70n);
  });

  it('fails with what was thrown, with the lines of the code', async () => {
    open();
    const failure = await failing('const a = 1;\n\n  throw new RangeError(`too much: ${a}`, { cause: "x" })');
    expect(failure).to.include({
      kind: 'error',
      message: 'RangeError: too much: 1',
      workerName: 'tester',
      host: 'here',
    });
    const error = failure.error as RangeError;
    expect(error).to.be.instanceOf(RangeError);
    expect(error.cause).to.equal('x');
    expect(error.stack!.split('\n')[1]).to.match(
      new RegExp(`^ +at job-${harness.seen[0]!.lease.job}\\.js:3:9$`),
    );
    expect(error.stack).not.to.contain('child');
    await goesOn();
  });

  it('fails with what is no error, and with errors that cannot travel', async () => {
    open();
    expect(await failing('throw 17')).to.include({ kind: 'error', error: 17 });
    const strange = await failing('throw Object.assign(new Error("odd"), { f() {} , big: class {} })');
    expect(strange.message).to.equal('Error: odd');
    expect((strange.error as Error).message).to.equal('odd');
    const hostile = await failing(
      'const e = new Error("x"); Object.defineProperty(e, "message", { get() { throw 1 } }); throw e',
    );
    expect(hostile.kind).to.equal('error');
    expect(hostile.message).not.to.equal('');
  });

  it('fails a task by its own uncaught exception or unhandled rejection', async () => {
    open();
    const thrown = await failing(
      'setTimeout(() => { throw new Error("from a timer") }, 5); await new Promise(() => {})',
    );
    expect(thrown).to.include({ kind: 'error', message: 'Error: from a timer' });
    const rejected = functionProgram(() => {
      void Promise.reject(new Error('left alone'));
      return 5;
    });
    harness.slot.run(rejected, [task(0), task(1)]);
    harness.slot.run(codeProgram('"innocent"'), [task(0)]);
    await harness.until(() => harness.seen.length === 4);
    expect(harness.seen.slice(1).map(({ end }) => end.outcome)).to.deep.equal([
      'failed',
      'failed',
      'completed',
    ]);
    expect(failureOf(harness.seen[1]!).message).to.equal('Error: left alone');
  });

  it('fails by process.exit, and goes on with the tasks behind', async () => {
    open();
    const quits = functionProgram((n: number) => (n === 1 ? process.exit(3) : n));
    harness.slot.run(quits, [task(0, [0]), task(1, [1]), task(2, [2]), task(3, [3])]);
    await harness.until(() => harness.seen.length === 4);
    expect(harness.seen.map(({ lease }) => lease.index)).to.deep.equal([0, 1, 2, 3]);
    expect(harness.seen.map(({ end }) => end.outcome)).to.deep.equal([
      'completed',
      'failed',
      'completed',
      'completed',
    ]);
    const failure = failureOf(harness.seen[1]!);
    expect(failure).to.include({ kind: 'exit', exitCode: 3 });
    expect(failure.message).to.equal('The task ended its process with exit code 3.');
  });

  it('fails by a signal', async () => {
    open();
    const failure = await failing(
      'console.log("last words"); process.kill(process.pid, "SIGSEGV"); while (true);',
    );
    expect(failure).to.include({ kind: 'signal', signal: 'SIGSEGV', lastOutput: 'last words' });
    await goesOn();
  });

  it('stops a task at its time limit when it watches its signal', async () => {
    open();
    const code =
      'await new Promise((resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)))';
    const failure = await failing(code, { limits: { timeMs: 150 } });
    expect(failure.kind).to.equal('time-limit');
    expect(failure.message).to.equal(
      'The task ran longer than its limit of 150 ms: it stopped when its signal was aborted.',
    );
    expect(failure.wallMs).to.be.within(150, 450);
    await goesOn();
  });

  it('ends a task that spins past its limit by SIGTERM', async () => {
    open();
    const failure = await failing('while (true);', { limits: { timeMs: 100 } });
    expect(failure).to.include({ kind: 'time-limit', signal: 'SIGTERM' });
    expect(failure.message).to.contain('limit of 100 ms').and.contain('ended by SIGTERM');
    await goesOn();
  });

  it('ends a task that ignores SIGTERM by SIGKILL, with the processes it started', async () => {
    open();
    const code = `
      process.on('SIGTERM', () => {});
      const { spawn } = require('node:child_process');
      const sleeper = spawn('sleep', ['300']);
      console.log(sleeper.pid);
      await new Promise(() => setInterval(() => {}, 1000));`;
    const failure = await failing(code, { limits: { timeMs: 1000 } });
    expect(failure).to.include({ kind: 'time-limit', signal: 'SIGKILL' });
    expect(failure.message).to.contain('limit of 1 s').and.contain('nor to SIGTERM');
    const pid = Number(harness.seen[0]!.output);
    expect(pid).to.be.above(1);
    expect(isAlive(pid)).to.equal(false);
    await goesOn();
  });

  it('lets a task that ended in time complete, and does not stop the one behind it', async () => {
    open();
    const program = functionProgram(
      async (ms: number) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return ms;
      },
      { limits: { timeMs: 400 } },
    );
    harness.slot.run(program, [task(0, [250]), task(1, [250]), task(2, [250])]);
    await harness.until(() => harness.seen.length === 3);
    expect(harness.seen.map(({ end }) => end.outcome)).to.deep.equal(['completed', 'completed', 'completed']);
  });

  it('ends a task at its memory limit, Buffers included', async () => {
    open();
    const code =
      'const all = []; while (true) { all.push(Buffer.alloc(8e6, 1)); await new Promise((r) => setTimeout(r, 2)) }';
    const failure = await failing(code, { limits: { memoryMb: 200 } });
    expect(failure.kind).to.equal('memory-limit');
    expect(failure.message).to.match(/^The task used \d+ MiB of memory; its limit is 200 MiB\.$/);
    expect(failure.peakMemoryKb).to.be.above(200 * 1024);
    await goesOn();
  });

  it("ends a task that exhausts V8's heap", async () => {
    open({ memoryMb: 100, nodeArguments: ['--max-old-space-size=40'] });
    const failure = await failing('const all = []; while (true) all.push(new Array(1000).fill({}))');
    expect(failure.kind).to.equal('memory-limit');
    await goesOn();
  });

  it('refuses an answer that cannot be sent, with the path', async () => {
    open();
    const failure = await failing('({ points: [1, { f: () => 1 }] })');
    expect(failure.kind).to.equal('not-sendable');
    expect(failure.message).to.contain('$.points[1].f');
    await goesOn();
  });

  it('gives a large answer as a file', async () => {
    open();
    const { end } = await harness.runOne(codeProgram('new Uint8Array(300_000).fill(7)'));
    expect(end.outcome).to.equal('completed');
    const { file, ref } = end.largeAnswer!;
    const bytes = readFileSync(file);
    expect(bytes.length).to.equal(ref.sizeBytes);
    expect(bytes.subarray(-3)).to.deep.equal(Buffer.from([7, 7, 7]));
    rmSync(file);
  });

  it('fails what it cannot set up, with the reason', async () => {
    open();
    const gone = failureOf(
      await harness.runOne(codeProgram('1', { attachments: [{ path: 'a.txt', file: '/nowhere/a.txt' }] })),
    );
    expect(gone.kind).to.equal('setup');
    expect(gone.message).to.contain("'a.txt'").and.contain('/nowhere/a.txt');
    const outside = failureOf(
      await harness.runOne(codeProgram('1', { attachments: [{ path: '../a.txt', file: '/etc/hostname' }] })),
    );
    expect(outside.message).to.contain("leave the task's folder");
    expect(failureOf(await harness.runOne(program({ type: 'riddle' }))).message).to.contain("'riddle'");
    expect(failureOf(await harness.runOne(codeProgram('1', { evaluator: 'cobol' }))).message).to.contain(
      "'cobol'",
    );
    expect(failureOf(await harness.runOne(codeProgram('1', { program: new Uint8Array([9]) }))).kind).to.equal(
      'setup',
    );
    expect(await failing('1 +'))
      .to.have.property('message')
      .that.contains('line 1, column 4');
    await goesOn();
  });

  it('fails the waiting tasks when no child can be started, and says why', async () => {
    open({ nodeArguments: ['--no-such-option'] });
    const failure = await failing('1');
    expect(failure.kind).to.equal('setup');
    expect(failure.message).to.contain('--no-such-option');
  });

  it('survives a task that writes nonsense to the pipe of its child', async () => {
    open();
    const failure = await failing(
      'require("node:fs").writeSync(4, "nonsense of some length"); await new Promise(() => {})',
    );
    expect(failure.message).to.contain('disturbed the pipe');
    await goesOn();
  });
});

function isAlive(pid: number): boolean {
  try {
    // A zombie is dead: only its parent has not looked.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}
