import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect, isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { DsageError } from '#dsage/model/errors.js';
import { assertTravels, decodeValue, encodeValue } from '#dsage/wire/codec.js';
import { fraction, Fraction } from '#dsage/wire/fraction.js';
import { expect } from 'chai';

function travel(value: unknown): unknown {
  return decodeValue(encodeValue(value));
}

function refusal(run: () => unknown): DsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof DsageError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('codec', () => {
  describe('brings back', () => {
    const values: Record<string, unknown> = {
      undefined: undefined,
      null: null,
      'negative zero': -0,
      'negative zero inside': { a: [0, -0] },
      'NaN and infinities': [NaN, Infinity, -Infinity],
      'numbers around 2^32 and 2^53': [2 ** 32 - 1, 2 ** 32, -(2 ** 32), -(2 ** 32) - 1, 2 ** 53 - 1, 0.1],
      'small BigInt': [0n, 1n, -1n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 64n), -(2n ** 64n) - 1n],
      'huge BigInt': [3n ** 5000n, -(3n ** 5000n), 2n ** 1024n, -(2n ** 1024n)],
      'a huge fraction': fraction(3n ** 2000n, 2n ** 2000n),
      fractions: [fraction(10, 3), fraction('-7/9'), fraction(0)],
      text: ['', 'ä€😀', 'x'.repeat(70_000), 'ü'.repeat(40)],
      dates: [new Date(0), new Date(1_234_567_890_123), new Date(-1)],
      'a Map with object keys': new Map<unknown, unknown>([
        [{ a: 1 }, new Set([1n, 'x'])],
        ['k', { x: new Map([[1, 2]]) }],
      ]),
      'a regular expression': /a+b/giu,
      'typed arrays': [
        new Uint8Array([1, 2]),
        new Int16Array([-1, 2]),
        new Float64Array([1, 2.5]),
        new BigInt64Array([1n, -5n]),
        new Uint8ClampedArray([255]),
      ],
      'an object with odd keys': { constructor: 'x', hasOwnProperty: 1, '': 2, 'a b': 3 },
      'an object with very many keys': Object.fromEntries(
        Array.from({ length: 70_000 }, (_, index) => [`k${index}`, index]),
      ),
    };
    for (const [name, value] of Object.entries(values)) {
      it(name, () => {
        const back = travel(value);
        // Strict: it tells -0 from 0 and compares prototypes.
        expect(isDeepStrictEqual(back, value), inspect(back).slice(0, 300)).to.equal(true);
      });
    }

    it('objects that are reached twice as one object, also beside what needs lowering', () => {
      const twice = [1];
      const back = travel({ x: twice, y: twice, zero: -0, big: 5n ** 900n }) as { x: unknown; y: unknown };
      expect(back.x).to.equal(back.y);
      expect(back.x).to.deep.equal([1]);
    });

    it('shared references beside an object with more than 65,535 keys', () => {
      const shared = { s: 1 };
      const wide = Object.fromEntries(Array.from({ length: 66_000 }, (_, index) => [`k${index}`, index]));
      const back = travel({ wide: { ...wide, shared }, shared }) as {
        wide: { shared: unknown; k65999: unknown };
        shared: unknown;
      };
      expect(back.wide.shared).to.equal(back.shared);
      expect(back.shared).to.deep.equal({ s: 1 });
      expect(back.wide.k65999).to.equal(65_999);
    });

    it('cycles', () => {
      const knot: Record<string, unknown> = { zero: -0 };
      knot['self'] = knot;
      knot['list'] = [knot];
      knot['map'] = new Map([['knot', knot]]);
      const back = travel(knot) as typeof knot;
      expect(back['self']).to.equal(back);
      expect((back['list'] as unknown[])[0]).to.equal(back);
      expect((back['map'] as Map<string, unknown>).get('knot')).to.equal(back);
      expect(Object.is(back['zero'], -0)).to.equal(true);
    });

    it('fractions as fractions that compute', () => {
      const back = travel(fraction(10, 3)) as Fraction;
      expect(back).to.be.instanceOf(Fraction);
      expect(back.add(fraction(5)).toFraction()).to.equal('25/3');
    });

    it('byte arrays as Uint8Array that share no memory with the message', () => {
      const bytes = encodeValue({ data: Buffer.from('abc') });
      const { data } = decodeValue(bytes) as { data: Uint8Array };
      expect(Buffer.isBuffer(data)).to.equal(false);
      bytes.fill(0);
      expect([...data]).to.deep.equal([97, 98, 99]);
    });
  });

  describe('errors', () => {
    it('keep class, message, stack, code, simple properties and cause', () => {
      const error = Object.assign(new TypeError('outer', { cause: new RangeError('inner') }), {
        code: 'E_X',
        errno: 5,
      });
      const back = travel(error) as typeof error;
      expect(back).to.be.instanceOf(TypeError);
      expect(back.message).to.equal('outer');
      expect(back.stack).to.equal(error.stack);
      expect(back.code).to.equal('E_X');
      expect(back.errno).to.equal(5);
      expect(back.cause).to.be.instanceOf(RangeError);
      expect(Object.keys(back)).to.have.members(['code', 'errno']);
    });

    it('of a class of its own, DsageError among them, come back by name and code', () => {
      const back = travel({ first: new DsageError('queue-full', 'No room.', { hint: 'Wait.' }) }) as {
        first: Error & { code: string };
      };
      expect(back.first).to.be.instanceOf(Error);
      expect([back.first.name, back.first.code, back.first.message]).to.deep.equal([
        'DsageError',
        'queue-full',
        'No room. Wait.',
      ]);
    });

    it('keep the errors of an AggregateError', () => {
      const back = travel(
        new AggregateError([new Error('a'), new SyntaxError('b')], 'both'),
      ) as AggregateError;
      expect(back).to.be.instanceOf(AggregateError);
      expect(back.errors.map((inner: Error) => `${inner.name}: ${inner.message}`)).to.deep.equal([
        'Error: a',
        'SyntaxError: b',
      ]);
    });

    it('travel even when what they hold does not', () => {
      const cause = { handler: () => 1 };
      const back = travel(new Error('kept', { cause })) as Error;
      expect(back.message).to.equal('kept');
      expect(back.cause).to.be.a('string').that.includes('handler');
    });

    it('that are their own cause do not loop', () => {
      const error = new Error('snake');
      error.cause = error;
      expect((travel(error) as Error).cause).to.equal('[circular: snake]');
    });
  });

  describe('refuses', () => {
    class Point {
      x = 1;
    }
    const refused: [name: string, value: unknown, path: string, what: string][] = [
      ['a function', { points: [1, 2, 3, { f: () => 1 }] }, '$.points[3].f', 'a function'],
      ['a class', { Point }, '$.Point', 'Point'],
      ['a symbol', { 'a b': Symbol('s') }, '$["a b"]', 'a symbol'],
      ['an instance', [new Point()], '$[0]', 'an instance of Point'],
      ['a promise', [Promise.resolve(1)], '$[0]', 'a promise'],
      ['a function in a Map', new Map([['k', () => 1]]), '$.get("k")', 'a function'],
      ['an instance in a Set', new Set([new Point()]), '$.item(0)', 'Point'],
      ['a boxed number', new Number(1), '$', 'an instance of Number'],
      ['an array of a class of its own', new (class Row extends Array {})(), '$', 'Row'],
      ['a property named __proto__', JSON.parse('{"a":{"__proto__":1}}'), '$.a', '__proto__'],
      ['a URL', new URL('http://localhost/'), '$', 'an instance of URL'],
    ];
    for (const [name, value, path, what] of refused) {
      it(`${name}, naming the path`, () => {
        const error = refusal(() => encodeValue(value));
        expect(error.code).to.equal('not-shippable');
        expect(error.message).to.match(/which cannot travel/);
        expect(error.message.startsWith(`${path} is `), error.message).to.equal(true);
        expect(error.message).to.include(what);
      });
    }

    it('a Map inside itself, which the decoder could not rebuild', () => {
      const map = new Map<string, unknown>();
      map.set('m', [map]);
      expect(refusal(() => encodeValue(map)).message).to.match(
        /^\$\.get\("m"\)\[0\] is a Map or Set inside itself/,
      );
    });

    it('what is nested too deeply, instead of overflowing the stack', () => {
      let deep: unknown[] = [];
      for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];
      expect(refusal(() => encodeValue(deep)).code).to.equal('not-shippable');
    });

    it('under the path that it is given', () => {
      const error = refusal(() => {
        assertTravels({ f: () => 1 }, 'parameters');
      });
      expect(error.message).to.match(/^parameters\.f is a function/);
    });

    it('damaged bytes', () => {
      for (const bytes of ['', 'ff', '820', '5aFFFFFFFF', 'd81e820100', 'd9bf05'].map((hex) =>
        Buffer.from(hex, 'hex'),
      )) {
        expect(refusal(() => decodeValue(bytes)).code).to.equal('invalid-argument');
      }
    });
  });

  it('writes what RFC 8949 says, so that other languages read it', () => {
    const hex = (value: unknown) => Buffer.from(encodeValue(value)).toString('hex');
    expect(hex(-0)).to.equal('fb8000000000000000');
    expect(hex(2n ** 64n)).to.equal('c249010000000000000000');
    expect(hex(-(2n ** 1104n))).to.equal(`c3588a${'ff'.repeat(138)}`);
    expect(hex(fraction(1, 3))).to.equal('d81e821b00000000000000011b0000000000000003');
    expect(hex({ a: [1, 'b'] })).to.equal('a1616182016162');
  });

  it('holds nothing of what it has decoded', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heldBytes = () => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const size = 50_000_000;
    const before = heldBytes();
    const decoded = (() => {
      const bytes = new Uint8Array(size + 5);
      bytes[0] = 0x5a;
      new DataView(bytes.buffer).setUint32(1, size);
      return (decodeValue(bytes) as Uint8Array).length;
    })();
    await nextTurn();
    expect(decoded).to.equal(size);
    expect(heldBytes() - before).to.be.below(size / 2);
  });
});

describe('fraction', () => {
  it('takes numbers, BigInt and strings', () => {
    expect(fraction(1.5).toFraction()).to.equal('3/2');
    expect(fraction('10/3', 2n).toFraction()).to.equal('5/3');
    expect(fraction(2n ** 100n, 2n ** 99n).toFraction()).to.equal('2');
    expect(fraction(1).constructor).to.equal(Fraction);
  });

  it('refuses what is no number', () => {
    for (const run of [() => fraction(1, 0), () => fraction(NaN), () => fraction('x')]) {
      expect(refusal(run).code).to.equal('invalid-argument');
    }
  });
});
