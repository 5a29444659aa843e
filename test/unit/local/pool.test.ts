import { expect } from 'chai';

import { shipFunction } from '#dsage/code/functions.js';
import { LocalPool } from '#dsage/local/pool.js';
import type { LocalPoolOptions, LocalTaskOptions } from '#dsage/local/pool.js';
import { KilledError, TaskFailedError } from '#dsage/model/errors.js';
import { decodeValue, encodeValue } from '#dsage/wire/codec.js';
import type { Fraction } from '#dsage/wire/fraction.js';

import { refusal } from '../../support/rejection.js';

/** Threads that keep this process alive, or could. */
function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Worker' || name === 'MessagePort')
    .length;
}

describe('local/LocalPool', function () {
  this.timeout(60_000);
  const pools: LocalPool[] = [];

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  function poolOf(options: LocalPoolOptions = {}) {
    const pool = new LocalPool({ slots: 1, ...options });
    pools.push(pool);
    return pool;
  }

  function runner(pool: LocalPool, fn: (...args: never[]) => unknown, scope = {}) {
    const program = encodeValue({ type: 'function', ...shipFunction(fn, scope) });
    const id = pool.addProgram({ evaluator: 'javascript', program });
    return async (args: readonly unknown[] = [], options: LocalTaskOptions = {}) =>
      decodeValue(await pool.run(id, encodeValue(args), options));
  }

  it('runs functions with the prelude, their scope and the values of jobs', async () => {
    const run = runner(
      poolOf({ slots: 2 }),
      (n: bigint, at: Date) => [n * K, nextPrime(10n), fraction(1, 3).add(1), at, context.index],
      { K: 3n },
    );
    const at = new Date(7);
    const [product, prime, third, date, index] = (await run([2n ** 80n, at], { index: 5 })) as unknown[];
    expect([product, prime, date, index]).to.deep.equal([3n * 2n ** 80n, 11n, at, 5]);
    expect((third as Fraction).toFraction()).to.equal('4/3');
  });

  it('runs as many tasks at once as it has slots', async () => {
    const pool = poolOf({ slots: 2 });
    const run = runner(pool, async (ms: number) => {
      const from = Date.now();
      await new Promise((resolve) => setTimeout(resolve, ms));
      return [from, Date.now()];
    });
    const spans = (await Promise.all([run([300]), run([300]), run([1])])) as [number, number][];
    expect(spans[1]![0]).to.be.below(spans[0]![1]);
    expect(spans[2]![0]).to.be.at.least(Math.min(spans[0]![1], spans[1]![1]));
  });

  it('says what a task threw, with stack, cause and properties', async () => {
    const run = runner(poolOf(), () => {
      throw Object.assign(new RangeError('no good', { cause: new Error('below') }), { code: 'E_X' });
    });
    const error = await refusal(run());
    expect(error).to.be.instanceOf(TaskFailedError);
    expect(error.message).to.equal('The task failed: RangeError: no good.');
    const cause = error.cause as RangeError & { code: string };
    expect(cause).to.be.instanceOf(RangeError);
    expect(cause.stack).to.contain('job-1.js:1:').and.not.to.contain('thread/main');
    expect([(cause.cause as Error).message, cause.code]).to.deep.equal(['below', 'E_X']);
  });

  it('takes what nobody caught for the failure of the task that runs', async () => {
    const run = runner(poolOf(), async () => {
      setTimeout(() => {
        throw new TypeError('later');
      }, 1);
      return new Promise(() => undefined);
    });
    expect((await refusal(run())).message).to.contain('TypeError: later');
  });

  it('refuses answers that cannot travel', async () => {
    const run = runner(poolOf(), () => ({ f: () => 1 }));
    expect((await refusal(run())).message).to.contain('$.f is a function');
  });

  it('goes on after a task that ends its thread', async () => {
    const run = runner(poolOf(), (code: number) => (code === 0 ? 'fine' : process.exit(code)));
    const [first, second] = await Promise.all([refusal(run([3])), run([0])]);
    expect(first.message).to.equal('The task failed: it ended its thread with process.exit(3).');
    expect(second).to.equal('fine');
  });

  it('goes on after a task that takes too much memory', async () => {
    const run = runner(poolOf({ memoryMb: 64 }), (isGreedy: boolean) => {
      const kept: number[][] = [];
      while (isGreedy) kept.push(new Array<number>(100_000).fill(1.5));
      return kept.length;
    });
    const [first, second] = await Promise.all([refusal(run([true])), run([false])]);
    expect(first.message).to.contain('it needed more memory than its limit of 64 MiB');
    expect(second).to.equal(0);
  });

  it('ends a task that takes too long, also one that never waits', async () => {
    const run = runner(poolOf(), (isEndless: boolean) => {
      while (isEndless);
      return 'done';
    });
    expect((await refusal(run([true], { timeoutMs: 100 }))).message).to.contain(
      'longer than its limit of 100 ms',
    );
    expect(await run([false], { timeoutMs: 10_000 })).to.equal('done');
  });

  it('kills a task that runs or waits, and lets it see its signal first', async () => {
    const run = runner(poolOf(), async (isPatient: boolean) => {
      if (isPatient) return 'not killed';
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return 'too late to count';
    });
    const [running, waiting] = [new AbortController(), new AbortController()];
    const results = [
      refusal(run([false], { signal: running.signal })),
      refusal(run([false], { signal: waiting.signal })),
      run([true]),
    ] as const;
    waiting.abort(new Error('not this one'));
    expect((await results[1]).message).to.contain('not this one');
    await new Promise((resolve) => setTimeout(resolve, 200));
    running.abort(new Error('nor this one'));
    const killed = await results[0];
    expect(killed).to.be.instanceOf(KilledError);
    expect(killed.message).to.contain('nor this one');
    expect(await results[2]).to.equal('not killed');
  });

  it('closes: what runs and waits is stopped, nothing is taken, no thread is left', async () => {
    const before = threads();
    const pool = poolOf({ slots: 2 });
    const run = runner(pool, async (isEndless: boolean) =>
      isEndless ? new Promise(() => setInterval(() => 0, 99)) : 1,
    );
    expect(await run([false])).to.equal(1);
    const errors = [refusal(run([true])), refusal(run([true])), refusal(run([true]))];
    expect(threads()).to.be.above(before);
    await Promise.all([pool.close(), pool.close()]);
    for (const error of await Promise.all(errors)) expect(error.code).to.equal('closed');
    expect((await refusal(run([false]))).code).to.equal('closed');
    expect(threads()).to.equal(before);
  });
});

declare function nextPrime(n: bigint): bigint;
declare function fraction(n: number, d: number): { add(n: number): unknown };
declare const context: { readonly index: number };
declare const signal: AbortSignal;
declare const K: bigint;
