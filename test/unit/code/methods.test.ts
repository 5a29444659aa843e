/* eslint @typescript-eslint/unbound-method: off -- methods without their object are what this is about */
import { runInThisContext } from 'node:vm';

import { expect } from 'chai';

import { shipFunction } from '#dsage/code/functions.js';
import { instantiate } from '#dsage/code/instantiate.js';
import { detachMethod, functionOfMethod } from '#dsage/code/methods.js';

describe('code/methods', () => {
  it('makes functions of methods of every form', () => {
    const forms: Record<string, string> = {
      'add(a, b) { return a + b; }': 'function (a, b) { return a + b; }',
      'async wait (ms) { await ms; }': 'async function (ms) { await ms; }',
      "'two words'(x) { return x; }": 'function (x) { return x; }',
      '[Symbol.iterator]() { return 1; }': 'function () { return 1; }',
      '12({ a }) { return a; }': 'function ({ a }) { return a; }',
      '#own(x) { return x; }': 'function (x) { return x; }',
      'async(x) { return x; }': 'function (x) { return x; }',
      'function(x) { return x; }': 'function (x) { return x; }',
      '*each() { yield 1; }': 'function* () { yield 1; }',
    };
    for (const [text, source] of Object.entries(forms)) {
      expect(functionOfMethod(text)?.source).to.equal(source);
    }
  });

  it('leaves what is no method', () => {
    for (const text of ['(a) => a', 'async (a) => a', 'class { m() {} }', 'x', 'x: 1', '...x']) {
      expect(functionOfMethod(text), text).to.equal(undefined);
    }
  });

  it('ships a detached method, with its lines where they were', () => {
    const add = method('add(a, b) {\n  return a + b;\n}');
    const { fn } = instantiate(shipFunction(add), 'method.js');
    expect(fn(1, 2)).to.equal(3);
    const broken = method('broken() {\n  throw new Error("here");\n}');
    const made = instantiate(shipFunction(broken), 'method.js');
    expect(() => made.fn()).to.throw();
    try {
      made.fn();
    } catch (error) {
      expect((error as Error).stack).to.contain('method.js:2:');
    }
  });

  it('refuses what belongs to an object or a class', () => {
    expect(refusal(method('m(x) {\n return x + this.y; }'))).to.contain('uses this (line 2)');
    expect(refusal(method('m(x) {\n return super.m(x); }'))).to.contain('uses super (line 2)');
    expect(refusal(method('*m() { yield 1; }'))).to.contain('is a generator');
    expect(refusal(method('m() { return outside; }'))).to.contain('outside (line 1)');
  });

  it('does not take the name of a method for a variable', () => {
    expect(refusal(method('down(n) { return n === 0 ? 0 : down(n - 1); }'))).to.contain('down (line 1)');
    const { fn } = instantiate(shipFunction(method('gcd(a, b) { return gcd(a, b) * 10n; }')), 'method.js');
    expect(fn(4n, 6n)).to.equal(20n);
  });

  it('refuses methods that nobody detached, as before', () => {
    const { m } = runInThisContext('({ m(x) { return x; } })') as { m: object };
    expect(refusal(m)).to.contain('is written as a method');
  });
});

function method(text: string): object {
  const [made] = Object.values(runInThisContext(`({ ${text} })`) as Record<string, object>);
  detachMethod(made!);
  return made!;
}

function refusal(fn: object): string {
  try {
    shipFunction(fn);
  } catch (error) {
    expect((error as { code?: string }).code).to.equal('not-shippable');
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}
