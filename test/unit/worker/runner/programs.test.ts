import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { encodeValue } from '#dsage/wire/codec.js';
import { fraction } from '#dsage/wire/fraction.js';
import { blobPayload } from '#dsage/wire/payload.js';

import { codeProgram, failureOf, functionProgram, program, SlotHarness, task, valueOf } from './harness.js';

describe('JavaScript programs in a slot', function () {
  this.timeout(20_000);
  let harness: SlotHarness;

  before(() => {
    harness = new SlotHarness();
    void harness.slot.start();
  });

  after(async () => harness.close());

  const value = async (...args: Parameters<typeof codeProgram>): Promise<unknown> =>
    harness.value(codeProgram(...args));

  it('gives the value of the last expression', async () => {
    expect(await value('2+2')).to.equal(4);
    expect(await value('const x = 20; let y = x + 1;\nx + y // the sum')).to.equal(41);
    expect(await value('if (1 > 2) { "a" } else { "b"; }')).to.equal('b');
    expect(await value('let s = 0; for (const n of [1, 2, 3]) s += n;')).to.equal(6);
    expect(await value('const a = await Promise.all([1n, Promise.resolve(2n)]); a')).to.deep.equal([1n, 2n]);
    expect(await value('function f() { return 5 }')).to.equal(undefined);
    expect(await value('if (true) return "early"; "late"')).to.equal('early');
  });

  it('has the variables, and the prelude, in scope', async () => {
    expect(await value('a.n + b', { vars: { a: { n: 1n }, b: 2n } })).to.equal(3n);
    const half = (await value('fraction(1, 3).add(fraction("1/6"))')) as { toFraction(): string };
    expect(half.toFraction()).to.equal(fraction(1, 2).toFraction());
    expect(await value('[gcd(12, 18), isPrime(2n ** 61n - 1n), nextPrime(100), factor(60)]')).to.deep.equal([
      6,
      true,
      101,
      [
        [2, 2],
        [3, 1],
        [5, 1],
      ],
    ]);
    expect(await value('[attempt, context.attempt, context.worker, signal.aborted]')).to.deep.equal([
      1,
      1,
      'tester',
      false,
    ]);
    expect(await value('gcd + attempt', { vars: { gcd: 40, attempt: 2 } })).to.equal(42);
    expect(await value('const signal = 4; let gcd = 5; signal * gcd')).to.equal(20);
  });

  it("reads Node's own modules, and says what it does not", async () => {
    expect(await value('require("node:path").basename("/a/b")')).to.equal('b');
    expect(await value('(await import("node:os")).EOL')).to.equal('\n');
    const failure = failureOf(await harness.runOne(codeProgram('require("lodash")')));
    expect(failure.message).to.contain("require('lodash')");
  });

  it('runs functions with their arguments and their scope', async () => {
    const program = functionProgram((n: number) => helper(n) + base, {
      scope: {
        base: 100,
        helper: { $function: '((n) => n * twice(2))' },
        twice: { $function: '((n) => 2 * n)' },
      },
    });
    harness.slot.run(program, [task(0, [1]), task(1, [2])]);
    const before = harness.seen.length;
    await harness.until(() => harness.seen.length === before + 2);
    expect(harness.seen.slice(-2).map(valueOf)).to.deep.equal([104, 108]);
  });

  it('lets a function call itself, wait, take nothing, and see its attempt', async () => {
    expect(await harness.value(functionProgram(factorial), [10])).to.equal(3628800);
    expect(await harness.value(functionProgram(async () => Promise.resolve('none')))).to.equal('none');
    expect(
      await harness.value(
        program({ type: 'function', name: 'f', source: '(() => [attempt, context.index, signal.aborted])' }),
      ),
    ).to.deep.equal([1, 0, false]);
    expect(
      await harness.value(
        program({
          type: 'function',
          name: 'f',
          source: '__name(() => __name(function g() { return 1 }, "g")(), "f")',
        }),
      ),
    ).to.equal(1);
  });

  it('names the lines of a function in its stack', async () => {
    const source = '(function broken(n) {\n  const wrong = n.missing;\n  return wrong.more;\n})';
    const failure = failureOf(
      await harness.runOne(program({ type: 'function', name: 'broken', source }), [{}]),
    );
    expect((failure.error as Error).stack).to.match(/at broken \(job-\d+\.js:3:16\)/);
  });

  it('takes programs and inputs that are blobs from files', async () => {
    const file = join(harness.directory, 'blob');
    const blobOf = (content: unknown): Uint8Array => {
      const bytes = encodeValue(content);
      writeFileSync(file, bytes);
      return blobPayload({
        sha256: createHash('sha256').update(bytes).digest('hex'),
        sizeBytes: bytes.length,
      });
    };
    const code = codeProgram('0', {
      program: blobOf({ type: 'eval', code: '"from a file"' }),
      blobFile: () => file,
    });
    expect(await harness.value(code)).to.equal('from a file');
    const before = harness.seen.length;
    const length = functionProgram((text: string) => text.length, { blobFile: () => file });
    harness.slot.run(length, [{ index: 0, attempt: 1, payload: blobOf(['x'.repeat(500_000)]) }]);
    await harness.until(() => harness.seen.length > before);
    expect(valueOf(harness.seen.at(-1)!)).to.equal(500_000);
    const missing = codeProgram('0', { program: blobOf({}), blobFile: () => '/nowhere/blob' });
    expect(failureOf(await harness.runOne(missing)).message).to.contain('/nowhere/blob');
  });

  it('runs hundreds of programs of one task each', async () => {
    const before = harness.seen.length;
    const programs = Array.from({ length: 300 }, (_, n) => codeProgram(`${n} * 2`));
    for (const one of [...programs, ...programs]) harness.slot.run(one, [task(0)]);
    await harness.until(() => harness.seen.length === before + 600);
    expect(harness.seen.slice(before).every((seen, n) => valueOf(seen) === (n % 300) * 2)).to.equal(true);
  });

  it('passes large inputs of many tasks at once', async () => {
    const before = harness.seen.length;
    const text = 'y'.repeat(200_000);
    const length = functionProgram((one: string, n: number) => one.length + n);
    harness.slot.run(
      length,
      Array.from({ length: 40 }, (_, n) => task(n, [text, n])),
    );
    await harness.until(() => harness.seen.length === before + 40);
    expect(harness.seen.slice(before).map(valueOf)).to.deep.equal(
      Array.from({ length: 40 }, (_, n) => 200_000 + n),
    );
  });
});

declare const base: number;
declare function helper(n: number): number;

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}
