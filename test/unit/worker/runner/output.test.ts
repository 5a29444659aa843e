import { expect } from 'chai';

import { codeProgram, failureOf, SlotHarness, task } from './harness.js';

describe("a task's output", function () {
  this.timeout(20_000);
  let harness: SlotHarness;

  beforeEach(async () => {
    harness = new SlotHarness();
    await harness.slot.start();
  });

  afterEach(async () => harness.close());

  async function outputOf(...args: Parameters<typeof codeProgram>): Promise<string> {
    return (await harness.runOne(codeProgram(...args))).output;
  }

  it('comes in order, before the end of its task', async () => {
    const code = `
      console.log('one', { two: 2n }); console.error('three'); process.stdout.write('fo'); process.stdout.write('ur\\n');
      process.stderr.write(Buffer.from('five\\n')); console.info('six');`;
    expect(await outputOf(code)).to.equal('one { two: 2n }\nthree\nfour\nfive\nsix\n');
  });

  it('is told from that of other tasks', async () => {
    harness.slot.run(
      codeProgram('console.log("a"); 1'),
      [0, 1, 2].map((index) => task(index)),
    );
    await harness.until(() => harness.seen.length === 3);
    expect(harness.seen.map(({ output }) => output)).to.deep.equal(['a\n', 'a\n', 'a\n']);
  });

  it('comes while the task runs, even when it spins', async () => {
    harness.slot.run(codeProgram('console.log("early"); while (true);'), [task(0)]);
    await harness.until(() => [...harness.output.values()].includes('early\n'));
    expect(harness.seen).to.have.length(0);
  });

  it('calls back and takes what any stream takes', async () => {
    const code = `
      await new Promise((resolve) => process.stdout.write('61', 'hex', resolve));
      await new Promise((resolve) => process.stdout.write('b', resolve));
      await require('node:stream/promises').pipeline(require('node:stream').Readable.from(['c', 'd']), process.stdout, { end: false });
      console.table([1]); process.stdout.end(); process.stdout.isTTY`;
    const seen = await harness.runOne(codeProgram(code));
    expect(seen.output).to.match(/^abcd┌/);
    expect(seen.end.outcome).to.equal('completed');
    expect(await outputOf('console.log("still open")')).to.equal('still open\n');
  });

  it('includes what was written to the file descriptors, and by processes of the task', async () => {
    const code = `
      console.log('before');
      require('node:child_process').execSync('echo from the shell; echo and its errors >&2', { stdio: 'inherit' });
      require('node:fs').writeSync(1, 'raw\\n'); 1`;
    const output = await outputOf(code);
    expect(output.split('\n').sort().join(' ').trim()).to.equal(
      'and its errors before from the shell raw'.split('  ').join(' '),
    );
  });

  it('is capped, and says so', async () => {
    const output = await outputOf('for (let i = 0; i < 200; i += 1) console.log("é".repeat(10)); 1', {
      limits: { outputBytes: 1000 },
    });
    const lines = output.split('\n');
    expect(lines.slice(-2)).to.deep.equal(['[dsage: output capped at 1,000 bytes]', '']);
    const kept = output.slice(0, output.indexOf('[dsage'));
    expect(Buffer.byteLength(kept)).to.be.within(995, 1001);
    expect(kept).not.to.contain('\uFFFD');
  });

  it('hurts nobody when it floods', async () => {
    const start = performance.now();
    const code = `
      const until = Date.now() + 1500; let lines = 0;
      const line = 'x'.repeat(100) + '\\n';
      const yes = require('node:child_process').spawn('yes', [], { stdio: 'inherit' });
      while (Date.now() < until) { for (let i = 0; i < 1000; i += 1) process.stdout.write(line); lines += 1000;
        await new Promise(setImmediate); }
      yes.kill(); await new Promise((resolve) => yes.on('exit', resolve));
      lines`;
    const cpu = process.cpuUsage();
    const seen = await harness.runOne(codeProgram(code));
    const { user, system } = process.cpuUsage(cpu);
    expect(seen.end.outcome).to.equal('completed');
    expect(seen.output.length).to.be.within(1_048_576, 1_048_700);
    expect(seen.output).to.match(/\[dsage: output capped at 1,048,576 bytes\]\n$/);
    expect((user + system) / 1000).to.be.below((performance.now() - start) / 2);
  });

  it('is in the failure with its last lines', async () => {
    const code =
      'for (let i = 0; i < 100; i += 1) console.log("line " + i); console.error("the end"); throw 1';
    const failure = failureOf(await harness.runOne(codeProgram(code)));
    expect(failure.lastOutput).to.match(/line 98\nline 99\nthe end$/);
    const crash = failureOf(await harness.runOne(codeProgram(code.replace('throw 1', 'process.abort()'))));
    expect(crash.signal).to.equal('SIGABRT');
    expect(crash.lastOutput).to.contain('the end');
  });
});
