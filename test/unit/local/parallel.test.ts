/* eslint @typescript-eslint/unbound-method: off -- a decorated method is used without its object */
import { spawnSync } from 'node:child_process';

import { expect } from 'chai';

import { parallel } from '#dsage/local/parallel.js';
import { DsageError, TaskFailedError } from '#dsage/model/errors.js';

import { Endless } from '../../support/endless.js';

async function outputs<T>(iterable: AsyncIterable<readonly [unknown, T]>): Promise<T[]> {
  const items: T[] = [];
  for await (const [, output] of iterable) items.push(output);
  return items;
}

describe('local/parallel', function () {
  this.timeout(60_000);
  const P = parallel(2);

  it('runs in threads, in the order in which they finish', async () => {
    const wait = P(async (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms)));
    expect(await outputs(wait([800, 1, 2]))).to.deep.equal([1, 2, 800]);
    expect(await outputs(parallel()((n: number) => n * n)([3]))).to.deep.equal([9]);
    expect(await outputs(parallel('local')((n: number) => n * n)([]))).to.deep.equal([]);
  });

  it('ships decorated methods', async () => {
    class Sums {
      @P static add(this: void, n: number, m: number) {
        return n + m;
      }
      @P async square(n: number) {
        return Promise.resolve(n * n);
      }
      @P own(n: number) {
        return this.square(n);
      }
    }
    const sums = new Sums();
    expect(await outputs(P(Sums.add)([[1, 2]]))).to.deep.equal([3]);
    expect(await outputs(P(sums.square)([4]))).to.deep.equal([16]);
    expect(() => P(sums.own)([4])).to.throw(/the function own uses this \(line 1\)/);
  });

  it('refuses at once what cannot be sent', () => {
    const K = 2;
    expect(() => P((n: number) => n + K)([1])).to.throw(/uses K \(line 1\)/);
  });

  it('throws the error of the first input that fails, and says which it was', async () => {
    const g = P((n: number) => {
      if (n === 2) throw new RangeError('no good');
      return n;
    });
    const seen: number[] = [];
    let error: unknown;
    try {
      for await (const [n] of g([2, 1])) seen.push(n);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).to.be.instanceOf(TaskFailedError);
    expect((error as Error).message).to.equal('Input 2: The task failed: RangeError: no good.');
    expect((error as Error).cause).to.be.instanceOf(RangeError);
  });

  it('gives errors in their places when asked to', async () => {
    const g = parallel(1, { onError: 'yield', memoryMb: 64, timeoutMs: 20_000 })((n: number) => {
      if (n === 2) process.exit(1);
      return n;
    });
    const [one, two, three] = await outputs(g([1, 2, 3]));
    expect([one, three]).to.deep.equal([1, 3]);
    expect(two).to.be.instanceOf(DsageError);
    expect((two as DsageError).message).to.contain('Input 2: The task failed: it ended its thread');
  });

  it('reads endless inputs as threads get free, and closes them when the loop is left', async () => {
    const numbers = new Endless();
    let seen = 0;
    for await (const [n, square] of P((n: number) => n * n)(numbers)) {
      expect(square).to.equal(n * n);
      expect(numbers.read).to.be.at.most(seen + 1 + 4);
      if (++seen === 50) break;
    }
    expect(numbers.isClosed).to.equal(true);
  });

  it('ends with what the inputs threw, or with what cannot travel', async () => {
    function* broken() {
      yield 1;
      throw new Error('no more of these');
    }
    const g = P((n: unknown) => n);
    expect(await outputs(g(broken())).catch(String)).to.equal('Error: no more of these');
    expect(await outputs(g([Symbol('s')])).catch(String)).to.match(/Input 0: \$\[0\] is a symbol/);
  });

  it('keeps a program alive while it waits for outputs, and not afterwards', () => {
    const program = `
      import { parallel } from 'dsage';
      const g = parallel(1)(async (ms) => new Promise((r) => setTimeout(r, ms, ms)));
      for await (const pair of g([300])) console.log(pair);
      const iterator = g([1, 2])[Symbol.asyncIterator]();
      console.log(await iterator.next());
    `;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program],
      {
        encoding: 'utf8',
        timeout: 30_000,
      },
    );
    expect([stderr, status]).to.deep.equal(['', 0]);
    expect(stdout).to.equal('[ 300, 300 ]\n{ value: [ 1, 1 ], done: false }\n');
  });
});
