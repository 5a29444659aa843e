import { expect } from 'chai';

import { encodeValue } from '#dsage/wire/codec.js';
import { fraction } from '#dsage/wire/fraction.js';
import { decode } from '../../../web/src/values/decode.js';
import { ErrorValue, imageType, MAX_TOLD_CHARS, Rational, tell } from '../../../web/src/values/tell.js';

const shown = (value: unknown) => tell(decode(new Uint8Array(encodeValue(value)))).text;

describe('the page: values', () => {
  it('writes integers and fractions digit by digit', () => {
    expect(shown(2n ** 200n)).to.equal('1606938044258990275541962092341162602522202993782792835301376');
    expect(shown(-(2n ** 70n))).to.equal('-1180591620717411303424');
    expect(shown(7n)).to.equal('7');
    expect(shown(fraction(25n, 3n))).to.equal('25/3');
    expect(shown(fraction(-(10n ** 30n), 7n))).to.equal(`-${10n ** 30n}/7`);
    expect(String(new Rational(4n, 1n))).to.equal('4');
    expect(shown(2n ** 20_000n)).to.equal(String(2n ** 20_000n));
  });

  it('writes what the codec carries', () => {
    expect(shown([1, -0, Number.NaN, null, undefined, true, 'a"b'])).to.equal(
      '[1, -0, NaN, null, undefined, true, "a\\"b"]',
    );
    expect(shown({ a: 1, 'b c': [] })).to.equal('{ a: 1, "b c": [] }');
    expect(shown(new Map<unknown, unknown>([[1n, new Set(['x'])]]))).to.equal('Map { 1 => Set { "x" } }');
    expect(shown(new Date(0))).to.equal('1970-01-01T00:00:00.000Z');
    expect(shown(new Float64Array([0.5, 2]))).to.equal('Float64Array [0.5, 2]');
    expect(shown(/a+/gi)).to.equal('/a+/gi');
  });

  it('writes errors by their stack, and ends at cycles', () => {
    const error = new TypeError('no');
    error.stack = 'TypeError: no\n    at here';
    expect(shown(error)).to.equal('TypeError: no\n    at here');
    expect(tell(new ErrorValue('E', 'm', '')).text).to.equal('E: m');
    const loop: { self?: unknown } = {};
    loop.self = loop;
    expect(shown(loop)).to.equal('{ self: ↻ (contains itself) }');
  });

  it('breaks long lists into lines and cuts what is too long', () => {
    const { text, isCut } = tell(Array.from({ length: 100 }, (_, at) => at));
    expect(isCut).to.equal(false);
    expect(text.split('\n').length).to.be.within(5, 12);
    const long = tell(Array.from({ length: 1_000_000 }, (_, at) => at));
    expect(long.isCut).to.equal(true);
    expect(long.text.length).to.be.at.most(MAX_TOLD_CHARS);
    expect(tell('x'.repeat(100), 10)).to.deep.equal({ text: '"xxxxxxxxx', isCut: true });
  });

  it('knows images by their first bytes', () => {
    const bytes = (...start: number[]) => Uint8Array.from({ length: 16 }, (_, at) => start[at] ?? 0);
    expect(imageType(bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))).to.equal('image/png');
    expect(imageType(bytes(0xff, 0xd8, 0xff))).to.equal('image/jpeg');
    expect(imageType(bytes(0x47, 0x49, 0x46, 0x38))).to.equal('image/gif');
    expect(imageType(bytes(0x52, 0x49, 0x46, 0x46, 0, 0, 0, 0, 0x57, 0x45, 0x42, 0x50))).to.equal(
      'image/webp',
    );
    expect(imageType(bytes(1, 2))).to.equal(undefined);
    expect(imageType('text')).to.equal(undefined);
  });
});
