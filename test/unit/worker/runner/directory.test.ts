import type * as Fs from 'node:fs';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { codeProgram, failureOf, functionProgram, SlotHarness, task, valueOf } from './harness.js';

describe("a task's folder", function () {
  this.timeout(20_000);
  let harness: SlotHarness;

  beforeEach(() => {
    harness = new SlotHarness();
    void harness.slot.start();
  });

  afterEach(async () => harness.close());

  const list = 'require("node:fs").readdirSync(".")';

  it('is empty for every task, whatever the one before did', async () => {
    const write = functionProgram((n: number) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const fs = require('node:fs') as typeof Fs;
      const before = fs.readdirSync('.');
      fs.mkdirSync('deep/er', { recursive: true });
      fs.writeFileSync(`deep/er/${n}`, 'x');
      return before;
    });
    harness.slot.run(
      write,
      [1, 2, 3].map((n) => task(n, [n])),
    );
    await harness.until(() => harness.seen.length === 3);
    expect(harness.seen.map(valueOf)).to.deep.equal([[], [], []]);
    expect(await harness.value(codeProgram(list))).to.deep.equal([]);
  });

  it('notices a file that comes and stays within the tick of a clock', async () => {
    // Made and looked at in the same millisecond as the folder itself.
    harness.slot.run(
      codeProgram(
        `const fs = require('node:fs'); const before = fs.readdirSync('.'); fs.writeFileSync('a', ''); before`,
      ),
      Array.from({ length: 200 }, (_, n) => task(n)),
    );
    await harness.until(() => harness.seen.length === 200);
    expect(new Set(harness.seen.map((seen) => JSON.stringify(valueOf(seen))))).to.deep.equal(new Set(['[]']));
  });

  it('comes again when a task removes it', async () => {
    await harness.value(codeProgram('require("node:fs").rmSync(context.directory, { recursive: true }); 1'));
    expect(await harness.value(codeProgram(list))).to.deep.equal([]);
  });

  it('is kept when the task fails and has left files, whatever way it failed', async () => {
    const write = 'require("node:fs").writeFileSync("partial.txt", "half"); ';
    for (const [end, name] of [
      ['throw new Error("no")', 'error'],
      ['process.exit(1)', 'exit'],
    ] as const) {
      const seen = await harness.runOne(codeProgram(write + end));
      const failure = failureOf(seen);
      expect(failure.kind).to.equal(name);
      expect(failure.directory).to.equal(join(harness.directory, `job-${seen.lease.job}-task-0-attempt-1`));
      expect(readFileSync(join(failure.directory!, 'partial.txt'), 'utf8')).to.equal('half');
    }
    expect(failureOf(await harness.runOne(codeProgram('throw 1')))).not.to.have.property('directory');
    expect(await harness.value(codeProgram(list))).to.deep.equal([]);
  });

  it('does not write over what an earlier failure of the same attempt left', async () => {
    const fails = codeProgram(
      'require("node:fs").writeFileSync("a", String(process.hrtime.bigint())); throw 1',
    );
    const [one, two] = [await harness.runOne(fails), await harness.runOne(fails)].map(
      (seen) => failureOf(seen).directory!,
    );
    expect(two).to.equal(`${one!}-2`);
    expect(existsSync(one!)).to.equal(true);
  });

  it('has the attachments, fresh for every task', async () => {
    const file = join(harness.directory, 'cached');
    writeFileSync(file, 'original');
    const program = codeProgram(
      `const fs = require('node:fs'); const text = fs.readFileSync('data/in.txt', 'utf8');
       fs.writeFileSync('data/in.txt', 'changed'); text`,
      { attachments: [{ path: 'data/in.txt', file }] },
    );
    harness.slot.run(program, [task(0), task(1)]);
    await harness.until(() => harness.seen.length === 2);
    expect(harness.seen.map(valueOf)).to.deep.equal(['original', 'original']);
    expect(readFileSync(file, 'utf8')).to.equal('original');
  });

  it('leaves nothing behind when the slot stops', async () => {
    await harness.value(codeProgram('require("node:fs").writeFileSync("a", ""); 1'));
    harness.slot.run(codeProgram('require("node:fs").writeFileSync("b", ""); while (true);'), [task(0)]);
    await harness.slot.stop();
    expect(readdirSync(harness.directory)).to.deep.equal([]);
  });
});
