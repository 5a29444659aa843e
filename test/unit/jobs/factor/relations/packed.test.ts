import { expect } from 'chai';
import fc from 'fast-check';

import {
  joinBytes,
  packRelation,
  pickRelations,
  RelationReader,
  unpackRelations,
} from '#dsage/jobs/factor/relations/packed.js';
import type { Relation } from '#dsage/jobs/factor/relations/packed.js';
import { referenceBase } from '../../../../support/reference-sieve.js';

const base = referenceBase(10n ** 29n + 319n, { primes: 30 });

/** Of the right form; the identity does not matter here. */
const relations: fc.Arbitrary<Relation[]> = fc.array(
  fc.record({
    u: fc.bigInt(1n, (1n << BigInt(8 * base.valueBytes)) - 1n),
    isNegative: fc.boolean(),
    factors: fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 40 }).map(ascending),
    largePrimes: fc.array(fc.integer({ min: 2, max: 2 ** 32 - 1 }), { maxLength: 2 }).map(ascending),
  }),
  { maxLength: 8 },
);

function ascending(numbers: number[]): number[] {
  return numbers.sort((a, b) => a - b);
}

function pack(list: readonly Relation[]): Uint8Array {
  return joinBytes(list.map((relation) => packRelation(base, relation)));
}

describe('packed relations', () => {
  it('unpack to what was packed', () => {
    fc.assert(
      fc.property(relations, (list) => {
        expect(unpackRelations(base, pack(list))).to.deep.equal(list);
      }),
    );
  });

  it('have the agreed bytes', () => {
    const packed = packRelation(base, {
      u: 0x1234567n,
      isNegative: true,
      factors: [0, 0, 3, 300],
      largePrimes: [0x01020304, 0xfffffffb],
    });
    const value = [0x67, 0x45, 0x23, 0x01, ...Array.from({ length: base.valueBytes - 4 }, () => 0)];
    const large = [4, 3, 2, 1, 0xfb, 0xff, 0xff, 0xff];
    const rest = [...value, 1 + 2 * 2, ...large, 4, 0, 0, 3, 0xa9, 0x02];
    expect([...packed]).to.deep.equal([rest.length, 0, ...rest]);
  });

  it('are picked by their ordinal numbers', () => {
    fc.assert(
      fc.property(relations, fc.infiniteStream(fc.boolean()), (list, chosen) => {
        const ordinals = [...list.keys()].filter(() => chosen.next().value);
        const picked = pickRelations(base, pack(list), ordinals);
        expect(unpackRelations(base, picked)).to.deep.equal(
          list.filter((_, place) => ordinals.includes(place)),
        );
      }),
    );
  });

  it('are refused where they end early', () => {
    const packed = packRelation(base, { u: 5n, isNegative: false, factors: [1, 2], largePrimes: [101] });
    for (let length = 1; length < packed.length; length += 1) {
      const reader = new RelationReader(base, packed.subarray(0, length));
      expect(() => reader.next(), `${length} bytes`).to.throw('no packed relations');
    }
  });
});
