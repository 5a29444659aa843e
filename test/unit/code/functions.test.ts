/* eslint @typescript-eslint/unbound-method: off -- methods without their object are what is refused here */
import { runInThisContext } from 'node:vm';

import { expect } from 'chai';

import { shipFunction } from '#dsage/code/functions.js';

const K = 7;
const helper = (x: number) => x + K;
let counter = 0;
class Base {
  own = 1;
  static make(x: number) {
    return x + K;
  }
}
const shorthand = {
  triple(x: number) {
    return 3 * x;
  },
};

describe('code/functions', () => {
  it('ships what uses nothing from outside', () => {
    const shipped = shipFunction((a: number, { b = a, ...rest }: { b?: number } = {}) => [a, b, rest].length);
    expect(shipped.scope).to.deep.equal({});
    const again = run(shipped.source, shipped.scope) as (a: number) => number;
    expect(again(1)).to.equal(3);
  });

  it('ships functions of every form that has a source', () => {
    const forms: ((...args: never[]) => unknown)[] = [
      (x: number) => x * 2,
      async (x: number) => Promise.resolve(x),
      function named(n: number): number {
        return n === 0 ? 0 : named(n - 1);
      },
      () => {
        const inner = () => deeper();
        function deeper() {
          return 1;
        }
        return inner();
      },
      () => {
        class Local {
          own = 1;
          get() {
            return this.own;
          }
        }
        return new Local().get();
      },
      () => Math.PI + BigInt(2).toString().length + process.pid + structuredClone(1),
      () => (typeof notDefinedAnywhere === 'undefined' ? 1 : 2),
      () => isPrime(7) && gcd(4, 6) === 2,
      async () => (await import('node:os')).cpus().length,
    ];
    for (const form of forms) expect(() => shipFunction(form), String(form)).not.to.throw();
  });

  it('lets a function call itself by the name of its variable', () => {
    const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
    expect(shipFunction(factorial).name).to.equal('factorial');
  });

  it('names what is missing, with its line and the fix', () => {
    // From text, since the tests' own compiler joins lines.
    const uses: unknown = runInThisContext(
      'const uses = (x) => {\n  const y = x + 1;\n  return helper(y) + K;\n};\nuses',
    );
    const message = refusal(() => shipFunction(uses));
    expect(message).to.match(/the function uses/);
    expect(message).to.contain('helper (line 3)').and.to.contain('K (line 3)');
    expect(message).to.contain('{ scope: { helper, K } }');
  });

  it('says that an assignment is not seen here', () => {
    expect(refusal(() => shipFunction(() => counter++))).to.match(/counter \(line 1, assigned there\)/);
  });

  it('takes values and functions in scope, and looks into those functions too', () => {
    const uses = (x: number) => helper(x) * K;
    expect(refusal(() => shipFunction(uses, { helper }))).to.match(/uses K/);
    const { source, scope } = shipFunction(uses, { helper, K });
    expect(scope['K']).to.equal(7);
    expect((run(source, scope) as (x: number) => number)(1)).to.equal(56);
    expect(refusal(() => shipFunction((x: number) => helper(x), { helper }))).to.match(
      /the function helper in the scope of .* uses K/,
    );
  });

  for (const [what, fn, expected] of [
    ['a native function', Math.max, /is native.*Wrap it: \(x\) => max\(x\)/],
    ['a bound function', helper.bind(null), /is bound/],
    ['a method shorthand', shorthand.triple, /written as a method/],
    ['a static method', Base.make, /written as a method/],
    ['a class', Base, /is a class/],
    [
      'a generator',
      function* () {
        yield 1;
      },
      /is a generator.*Return an array/,
    ],
    [
      'a use of this',
      function (this: unknown) {
        return this;
      },
      /uses this \(line \d\)/,
    ],
    ['what is no function', 5, /A function is asked for/],
  ] as const) {
    it(`refuses ${what} with advice of its own`, () => {
      expect(refusal(() => shipFunction(fn))).to.match(expected);
    });
  }
});

declare function isPrime(n: number): boolean;
declare function gcd(a: number, b: number): number;
declare const notDefinedAnywhere: unknown;

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

/** Makes a function again as a worker does. */
function run(source: string, scope: Readonly<Record<string, unknown>>): unknown {
  const values = Object.entries(scope).map(([name, value]): [string, unknown] => {
    const inner = (value as { $function?: string }).$function;
    return [name, inner === undefined ? value : run(inner, without(scope, name))];
  });
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const make = new Function(...values.map(([name]) => name), `return (${source})`) as (
    ...a: unknown[]
  ) => unknown;
  return make(...values.map(([, value]) => value));
}

function without(scope: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(scope).filter(([key]) => key !== name));
}
