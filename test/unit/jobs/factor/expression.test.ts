import { expect } from 'chai';

import { parseInteger } from '#dsage/jobs/factor/expression.js';
import { DsageError } from '#dsage/model/errors.js';

const refused = (given: unknown): DsageError => {
  try {
    parseInteger(given as string);
  } catch (thrown) {
    if (thrown instanceof DsageError) return thrown;
    throw thrown;
  }
  throw new Error(`${String(given)} was taken`);
};

describe('an expression for an integer', () => {
  const values: readonly [string, bigint][] = [
    ['2^256+1', 2n ** 256n + 1n],
    ['11^150+1', 11n ** 150n + 1n],
    ['10^40+7', 10n ** 40n + 7n],
    ['(2^61-1)*3', (2n ** 61n - 1n) * 3n],
    [' 12 ', 12n],
    ['007', 7n],
    ['-7', -7n],
    ['--7', 7n],
    ['-2^2', -4n],
    ['(-2)^3', -8n],
    ['2^3^2', 512n],
    ['1-2-3', -4n],
    ['2+3*4', 14n],
    ['2*-3', -6n],
    ['2^-0', 1n],
    ['0^0', 1n],
    ['0^5', 0n],
    ['1^99999999999999999999', 1n],
    ['(-1)^99999999999999999999', -1n],
    ['(-1)^4', 1n],
    ['10^9999', 10n ** 9999n],
    ['-(10^9999*9+(10^9999-1))', 1n - 10n ** 10_000n],
    ['(2^30000)*2', 2n ** 30001n],
  ];
  for (const [text, value] of values) {
    it(`${text} is read`, () => {
      expect(parseInteger(text)).to.equal(value);
    });
  }

  it('is a BigInt or a safe number too', () => {
    expect(parseInteger(-5n)).to.equal(-5n);
    expect(parseInteger(91)).to.equal(91n);
    expect(parseInteger(Number.MAX_SAFE_INTEGER)).to.equal(2n ** 53n - 1n);
  });

  const errors: readonly [string, RegExp][] = [
    ['abc', /“a” stands where a number is expected, at position 1\./],
    ['1/2', /“\/” stands where an operator is expected, at position 2\./],
    ['-', /The text ends where a number is expected, at position 2\./],
    ['', /The text ends where a number is expected, at position 1\./],
    ['  ', /The text ends where a number is expected, at position 3\./],
    ['2^^3', /“\^” stands where a number is expected, at position 3\./],
    ['(1+2', /The text ends where “\)” is expected, at position 5\./],
    ['1)', /“\)” stands where an operator is expected, at position 2\./],
    ['2^-1', /A negative exponent gives no integer, at position 2\./],
    ['1.5', /“\.” stands where an operator is expected, at position 2\./],
    ['10^10000-1', /The result/],
    ['2^10^10', /The power, at position 2, has more than 10,000 digits\./],
    ['10^10000', /The result, at position 3, has more than 10,000 digits\./],
    ['10^6000*10^6000', /The product, at position 8, has more than 10,000 digits\./],
    ['9'.repeat(10_001), /The number, at position 1, has more than 10,000 digits\./],
    ['('.repeat(600) + '1' + ')'.repeat(600), /more than 500 deep/],
    [' '.repeat(200_000), /10,000 digits/],
  ];
  for (const [text, message] of errors) {
    it(`${text.length > 30 ? `${text.slice(0, 10)}…` : `“${text}”`} is refused, and where`, () => {
      expect(refused(text)).to.have.property('code', 'invalid-argument');
      expect(refused(text).message).to.match(message);
    });
  }

  it('is refused at once when it is too large', () => {
    const startedAt = Date.now();
    refused('2^99999999999999');
    refused('9^9^9^9');
    expect(Date.now() - startedAt).to.be.lessThan(1000);
  });

  it('is no fraction, no unsafe number and nothing else', () => {
    for (const given of [1.5, NaN, Infinity, 2 ** 60, undefined, null, {}, true, 10n ** 10_001n]) {
      expect(refused(given)).to.have.property('code', 'invalid-argument');
    }
  });
});
