/* eslint @typescript-eslint/unbound-method: off -- a decorated method is used without its object */
import { expect } from 'chai';

import { argumentsOf, InputWindow, isManyInputs } from '#dsage/jobs/input-window.js';
import type { ManyInputs } from '#dsage/jobs/input-window.js';
import type { ParallelIter } from '#dsage/jobs/parallel.js';
import { parallel } from '#dsage/local/parallel.js';

/** The simplest one: here, one after the other. */
const serial: ParallelIter<{ readonly times?: number }> = async function* (
  fn: (...args: never[]) => unknown,
  inputs: ManyInputs<unknown>,
  { times = 1 }: { readonly times?: number } = {},
) {
  for await (const input of inputs) {
    const output = await fn(...(argumentsOf(input) as never[]));
    yield [input, times === 1 ? output : Array(times).fill(output)];
  }
} as never;

async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

describe('jobs/parallel', () => {
  const P = parallel({ pIter: serial });
  const add = (n: number, m = 100) => n + m;

  it('takes an array for the arguments, and anything else for the only one', () => {
    expect(argumentsOf([1, 2])).to.deep.equal([1, 2]);
    expect(argumentsOf([])).to.deep.equal([]);
    expect(argumentsOf([[1, 2]])).to.deep.equal([[1, 2]]);
    for (const input of [5, 'text', undefined, null, { a: 1 }, new Set([1])]) {
      expect(argumentsOf(input)).to.deep.equal([input]);
    }
  });

  it('tells many inputs from one value', () => {
    const lazy = (function* () {
      yield 1;
    })();
    const slow = (async function* () {
      yield await Promise.resolve(1);
    })();
    for (const inputs of [[], [1], lazy, slow, new Map().values(), new URLSearchParams('a=1')]) {
      expect(isManyInputs(inputs)).to.equal(true);
    }
    for (const value of [
      1,
      'text',
      new Map(),
      new Set(),
      new Uint8Array(2),
      null,
      undefined,
      { a: 1 },
      () => 1,
    ]) {
      expect(isManyInputs(value)).to.equal(false);
    }
  });

  it('gives pairs of what was given and what came out', async () => {
    const g = P(add);
    const input: [number, number] = [1, 2];
    const pairs = await all(g([input, 5]));
    expect(pairs).to.deep.equal([
      [[1, 2], 3],
      [5, 105],
    ]);
    expect(pairs[0]![0]).to.equal(input);
    expect([g.name, g.length]).to.deep.equal(['add', 1]);
  });

  it('reads generators and asynchronous inputs', async () => {
    const lazy = function* () {
      yield [1, 1] as const;
      yield 2;
    };
    const slow = async function* () {
      yield await Promise.resolve(3);
    };
    expect((await all(P(add)(lazy()))).map(([, output]) => output)).to.deep.equal([2, 102]);
    expect((await all(P(add)(slow()))).map(([, output]) => output)).to.deep.equal([103]);
  });

  it('calls the function itself with anything else', () => {
    expect(P(add)(1, 2)).to.equal(3);
    expect(P((text: string) => text.length)('four')).to.equal(4);
    expect(P((set: ReadonlySet<number>) => set.size)(new Set([1, 2]))).to.equal(2);
    expect(P((list: number[], n: number) => list.length + n)([1, 2], 3)).to.equal(5);
    expect(P(() => 7)()).to.equal(7);
  });

  it('hands its options on', async () => {
    const twice = parallel({ pIter: serial, times: 2 });
    expect(await all(twice(add)([[1, 1]]))).to.deep.equal([
      [
        [1, 1],
        [2, 2],
      ],
    ]);
  });

  it('keeps types', async () => {
    const g = P((n: number, text: string) => Promise.resolve(text.repeat(n)));
    for await (const [[n, text], output] of g([[2, 'ab']])) {
      expect(output.length).to.equal(n * text.length);
    }
    // @ts-expect-error -- one argument is missing
    void g([[2]]);
    // @ts-expect-error -- a string is no number
    void g([['ab', 'ab']]);
    const yielding = parallel({ pIter: serial, onError: 'yield' })((n: number) => n);
    for await (const [, output] of yielding([1])) {
      // @ts-expect-error -- it may be an error
      // eslint-disable-next-line @typescript-eslint/no-unsafe-call -- for the same reason
      expect(output.toFixed(0)).to.equal('1');
    }
    // @ts-expect-error -- serial has no such option
    parallel({ pIter: serial, timesTen: 2 });
  });

  it('decorates methods, static ones too', async () => {
    class Sums {
      readonly base = 10;
      @P static add(this: void, n: number, m: number) {
        return n + m;
      }
      @P plus(n: number) {
        return n + 1;
      }
      @P withBase(n: number) {
        return this.base + n;
      }
    }
    const sums = new Sums();
    expect([Sums.add(1, 2), sums.plus(1), sums.withBase(5)]).to.deep.equal([3, 2, 15]);
    expect(await all(P(Sums.add)([[1, 2]]))).to.deep.equal([[[1, 2], 3]]);
    expect(await all(P(sums.plus)([1, 2]))).to.deep.equal([
      [1, 2],
      [2, 3],
    ]);
    expect(Sums.add.name).to.equal('add');
  });

  it('refuses what it cannot decorate, and what is no function', () => {
    const decorate = P as unknown as (...args: unknown[]) => unknown;
    expect(() => decorate(undefined, { kind: 'field', name: 'x' })).to.throw(/cannot decorate a field/);
    expect(() => decorate(Map, { kind: 'class', name: 'C' })).to.throw(/cannot decorate a class/);
    expect(() => decorate({}, 'name', {})).to.throw(/experimentalDecorators/);
    expect(() => decorate(7)).to.throw(/A function is asked for, and 7 was given/);
    expect(() => parallel({ pIter: 5 as never })).to.throw(/pIter is not a function/);
    const wrong = parallel as unknown as (...args: unknown[]) => unknown;
    expect(() => wrong('cluster')).to.throw(/parallel got 'cluster'/);
    expect(() => wrong(0)).to.throw(/parallel got 0/);
    expect(() => wrong(() => 1)).to.throw(/parallel got a function.*parallel\(\)\(f\)/);
    expect(() => wrong({})).to.throw(/parallel got \{\}/);
    expect(() => wrong('local', { maxAttempts: 2 })).to.throw(/no option maxAttempts/);
    expect(() => wrong(2, { timeoutMs: 0.5 })).to.throw(/timeoutMs is 0.5/);
    expect(() => wrong(2, { onError: 'ignore' })).to.throw(/onError is 'ignore'/);
  });
});

describe('jobs/input-window', () => {
  it('reads no further than its size ahead of what was taken', async () => {
    let read = 0;
    function* endless() {
      while (true) yield read++;
    }
    const window = new InputWindow(endless(), 3);
    for (let i = 0; i < 3; i++) expect(await window.next()).to.deep.equal([i]);
    const fourth = window.next();
    await new Promise(setImmediate);
    expect([read, window.pending]).to.deep.equal([3, 3]);
    expect(window.take(1)).to.equal(1);
    expect(await fourth).to.deep.equal([3]);
    expect([window.has(1), window.has(0)]).to.deep.equal([false, true]);
  });

  it('closes inputs that have not ended, once, and lets nobody wait on', async () => {
    let closed = 0;
    function* endless() {
      try {
        while (true) yield 1;
      } finally {
        closed += 1;
      }
    }
    const window = new InputWindow(endless(), 1);
    await window.next();
    const waiting = window.next();
    window.stop();
    await Promise.all([window.close(), window.close()]);
    expect([await waiting, await window.next(), closed]).to.deep.equal([undefined, undefined, 1]);
  });

  it('keeps what the inputs threw', async () => {
    const error = new Error('no more');
    const window = new InputWindow(
      {
        [Symbol.iterator]: () => ({
          next() {
            throw error;
          },
        }),
      },
      1,
    );
    expect(await window.next().catch((thrown: unknown) => thrown)).to.equal(error);
    expect(window.failure).to.deep.equal({ error });
    await window.close();
  });

  it('refuses what cannot be iterated over', () => {
    expect(() => new InputWindow(5 as never, 1)).to.throw(/cannot be iterated over/);
  });
});
